"""How the declared edge is read: what is served, recorded and refused."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import msgspec
import pytest

from graph import Graph, Resource
from sandbox.edge import statements, store
from sandbox.edge.firewall import TRANSFORMATIONS, Firewall
from sandbox.edge.link import Answer
from sandbox.edge.plan import Caching, Plan, Rule
from sandbox.edge.read import ACL, DISTRIBUTION, Edge, Emulator, read
from sandbox.edge.ways import Ways, chosen_cookies, chosen_query, normal
from sandbox.kubernetes import RefusedError
from tests.stacks import graph_of

EMULATOR = Emulator(address=("127.0.0.1", 1), authorization="signed")


def edge_of(graph: Graph) -> tuple[Edge, dict[str, tuple[str, str]]]:
    marks: dict[str, tuple[str, str]] = {}

    def mark(resource: Resource, state: str, detail: str) -> None:
        marks[f"{resource.type.rpartition(':')[2]} {resource.name}"] = (state, detail)

    found = read(graph, EMULATOR, mark)
    assert found is not None
    return found, marks


@pytest.fixture(scope="module")
def local() -> tuple[Edge, dict[str, tuple[str, str]]]:
    return edge_of(graph_of("local"))


def changed(graph: Graph, type_: str, change: Any) -> Graph:
    """A graph in which ``change`` was applied to the inputs of the only resource of a type."""
    one = graph.one(type_)
    inputs = copy.deepcopy(one.inputs)
    change(inputs)
    other = dataclasses.replace(one, inputs=inputs)
    resources = tuple(other if r.urn == one.urn else r for r in graph)
    return dataclasses.replace(graph, resources=resources)


def test_the_program_is_read_in_its_own_order(local: tuple[Edge, Any]) -> None:
    plan = local[0].plan
    assert [b.pattern for b in plan.behaviours] == [
        "/static/*",
        "/images/*",
        "/maintenance.*",
        "/api/v1/events",
        "/api/v1/recommendations",
        "*",
    ]
    assert [b.origins for b in plan.behaviours] == [
        ("files", "shop"),
        ("images", "shop"),
        ("files",),
        ("api",),
        ("api",),
        ("shop",),
    ]
    kinds = {o.name: (o.kind, tuple(name for name, _ in o.says)) for o in plan.origins}
    assert kinds == {
        "shop": ("pods", ()),
        "images": ("bucket", ("authorization",)),
        "files": ("bucket", ("authorization",)),
        "api": ("away", ()),
    }
    assert {(e.code, e.status, e.path) for e in plan.errors} == {
        (code, 503, "/maintenance.html") for code in (502, 503, 504)
    }
    assert plan.behaviours[-1].forwarding.viewer_address
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_requests_reach_the_pods_by_the_declared_way(local: tuple[Edge, Any]) -> None:
    edge, marks = local
    assert edge.services == {("shop", "web")}
    for name in ("VpcOrigin edge", "LoadBalancer balancer", "Listener balancer"):
        assert marks[name][0] == "served"
    assert marks["TargetGroup balancer-pods"][0] == "served"
    assert "TargetGroup balancer-instances" not in marks
    no_listener = [r for r in graph_of("local") if r.type != "aws:lb/listener:Listener"]
    cut = dataclasses.replace(graph_of("local"), resources=tuple(no_listener))
    assert edge_of(cut)[0].services == frozenset()


def test_what_is_only_recorded_is_said(local: tuple[Edge, Any]) -> None:
    marks = local[1]
    state, detail = marks["WebAcl edge"]
    assert state == "served"
    assert "only recorded: core, known-bad-inputs" in detail
    assert "no TLS" in marks["Distribution edge"][1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"geoMatchStatement": {"countryCodes": ["XX"]}}, "has no geoMatchStatement"),
        (
            {"rateBasedStatement": {"limit": 10, "aggregateKeyType": "FORWARDED_IP"}},
            "does not count by FORWARDED_IP",
        ),
        (
            {
                "byteMatchStatement": {
                    "searchString": "x",
                    "positionalConstraint": "EXACTLY",
                    "fieldToMatch": {"body": {}},
                    "textTransformations": [{"priority": 0, "type": "NONE"}],
                }
            },
            "matches no body",
        ),
        (
            {
                "regexMatchStatement": {
                    "regexString": "x",
                    "fieldToMatch": {"method": {}},
                    "textTransformations": [{"priority": 0, "type": "CMD_LINE"}],
                }
            },
            "has no text transformation CMD_LINE",
        ),
    ],
)
def test_an_unknown_rule_is_refused_by_name_and_the_others_work(
    change: dict[str, Any], reason: str
) -> None:
    def put(inputs: dict[str, Any]) -> None:
        inputs["rules"][0]["statement"] = change

    edge, marks = edge_of(changed(graph_of("local"), ACL, put))
    state, detail = marks["WebAcl edge"]
    assert state == "refused"
    assert detail.startswith(f"rule rate-guarded: the laptop {reason}")
    assert [rule.name for rule in edge.plan.rules] == ["rate-all"]


def test_an_unknown_policy_is_refused_by_name() -> None:
    def put(inputs: dict[str, Any]) -> None:
        inputs["defaultCacheBehavior"]["cachePolicyId"] = "somebody's"

    with pytest.raises(RefusedError, match="knows no CachePolicy somebody's"):
        edge_of(changed(graph_of("local"), DISTRIBUTION, put))


def test_an_origin_elsewhere_is_said_and_one_on_this_machine_is_served() -> None:
    def put(inputs: dict[str, Any]) -> None:
        custom = {"originProtocolPolicy": "https-only", "httpPort": 80, "httpsPort": 443}
        for name, host in (("api", "127.0.0.1:9999"), ("far", "api.example.com")):
            inputs["origins"].append(
                {"originId": name, "domainName": host, "customOriginConfig": custom}
            )

    edge, marks = edge_of(changed(graph_of("local"), DISTRIBUTION, put))
    kinds = {o.name: (o.kind, o.address) for o in edge.plan.origins}
    assert kinds["api"] == ("http", ("127.0.0.1", 9999))
    assert kinds["far"][0] == "away"
    assert "origin far (api.example.com) is not on this machine" in marks["Distribution edge"][1]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (b"/static/a.css", "/static/*"),
        (b"/static/", "/static/*"),
        (b"/static", "*"),
        (b"/Static/a.css", "*"),
        (b"//static//a.css", "/static/*"),
        (b"/p/../static/a.css", "/static/*"),
        (b"/static/../cart", "*"),
        (b"/%73tatic/a.css", "/static/*"),
        (b"/static%2Fa.css", "*"),
        (b"/maintenance.css", "/maintenance.*"),
        (b"/maintenanceXcss", "*"),
        (b"*", "*"),
    ],
)
def test_a_path_chooses_its_behaviour(local: tuple[Edge, Any], path: bytes, pattern: str) -> None:
    assert Ways(local[0].plan).of(path).behaviour.pattern == pattern


def test_paths_are_normalised_to_choose_only() -> None:
    assert normal(b"/a/./b//c/../d/") == "/a/b/d/"
    assert normal(b"/%7euser%2F%41") == "/~user%2FA"


def test_parts_of_a_cache_key() -> None:
    assert chosen_query(b"b=2&a=1&c", ("a", "c")) == b"a=1&c"
    assert chosen_query(b"b=2", "none") == b""
    assert chosen_query(b"b=2", "all") == b"b=2"
    wanted = frozenset([b"session", b"visitor"])
    assert chosen_cookies(b"x=1; visitor=v;session=s", wanted) == b"visitor=v; session=s"
    assert chosen_cookies(b"x=1", None) == b"x=1"


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        (b"Cache-Control: public, max-age=0, s-maxage=5", 5),
        (b"Cache-control:max-age=99999", 3600),
        (b"Cache-Control: private, max-age=60", 0),
        (b"Cache-Control: no-store", 0),
        (b'Cache-Control: no-cache="x", max-age=60', 0),
        (b"Cache-Control: max-age=60\r\nSet-Cookie: a=b", 0),
        (b"Cache-Control: max-age=60\r\nVary: *", 0),
        (b"Server: x", 30),
        (b"Expires: 0", 0),
    ],
)
def test_how_long_an_answer_may_be_kept(fields: bytes, seconds: int) -> None:
    answer = Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + fields, b"GET")
    assert store.seconds(answer, Caching(shortest=0, default=30, longest=3600)) == seconds


def asked(method: str, path: str) -> Any:
    return {"method": method, "uriPath": path}.__getitem__


def declared(limit: int = 10) -> tuple[Rule, ...]:
    graph = graph_of("local")
    rules, _, refused = statements.rules(graph.one(ACL).inputs)
    assert not refused
    return tuple(dataclasses.replace(rule, limit=limit) for rule in rules)


def test_a_window_slides() -> None:
    now = 1000.0
    all_only = declared()[1:]
    wall = Firewall(all_only, blocks=False, clock=lambda: now)
    for _ in range(10):
        assert wall.judge("a", asked("GET", "/")) == 0
    assert wall.judge("a", asked("GET", "/")) == 429
    assert wall.judge("b", asked("GET", "/")) == 0
    now += all_only[0].window / 2
    assert wall.judge("a", asked("GET", "/")) == 429
    now += all_only[0].window / 2 + 1  # the first eleven are out of the window, the twelfth in it
    for _ in range(9):
        assert wall.judge("a", asked("GET", "/")) == 0
    assert wall.judge("a", asked("GET", "/")) == 429


@pytest.mark.parametrize(
    "path",
    ["/login", "/login/", "/%6cogin", "//login", "/./login", "/a/../login", "/%2e/log%69n",
     "/api/v1/auth/login", "/api//v1/./checkout"],
)  # fmt: skip
def test_guarded_paths_are_guarded_however_they_are_written(path: str) -> None:
    wall = Firewall(declared(3)[:1], blocks=False)
    statuses = [wall.judge("a", asked("POST", path)) for _ in range(5)]
    assert statuses == [0, 0, 0, 429, 429]
    assert wall.judge("a", asked("GET", path)) == 0
    assert wall.judge("a", asked("POST", "/logins")) == 0


def test_counting_refuses_nobody(caplog: pytest.LogCaptureFixture) -> None:
    counting = [dataclasses.replace(rule, action="count") for rule in declared(3)]
    wall = Firewall(counting, blocks=False)
    assert {wall.judge("a", asked("POST", "/login")) for _ in range(20)} == {0}
    told = [record.message for record in caplog.records]
    assert "rule rate-guarded counts a: 4 requests in 300 s" in told


def test_transformations_are_wafs() -> None:
    assert TRANSFORMATIONS["URL_DECODE"]("/%6cog+in%2f") == "/log in/"
    assert TRANSFORMATIONS["NORMALIZE_PATH"]("/a//b/./c/../d/.") == "/a/b/d/"
    assert TRANSFORMATIONS["NORMALIZE_PATH"]("../a") == "../a"
