"""The front door at work by a plan: the program's own, with small servers as origins."""

from __future__ import annotations

import dataclasses
import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from boxkit import eventually
from frontkit import Door

from sandbox.edge.plan import Behaviour, Caching, Forwarding, Header, Origin, Plan
from sandbox.edge.read import Emulator, read
from sandbox.part import free_port
from tests.stacks import graph_of

LIMIT, GUARDED = 60, 12


class Server(ThreadingHTTPServer):
    """Answers as it is told, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.gates: dict[str, threading.Event] = {}  # what is asked for waits for its gate
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """The front door hangs up on answers that it does not pass on."""

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size + 2)[:size]
            self.rfile.readline()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers))
        if gate := self.server.gates.get(self.path):
            gate.wait(10)
        status, sent, content = self.server.answers.get(
            self.path.partition("?")[0], (200, {}, b"from the shop " + body)
        )
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **sent}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def shop() -> Iterator[Server]:
    made = Server()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def bucket() -> Iterator[Server]:
    """Stands for the emulator; like S3 it says 403 for what it does not have."""
    made = Server()
    made.answers = {
        "/maintenance.html": (200, {"Content-Type": "text/html"}, b"<h1>Right back</h1>"),
        "/static/a.css": (200, {"Cache-Control": "public, max-age=60"}, b"a{}"),
    }
    for missing in ("/static/gone.css", "/images/gone.svg"):
        made.answers[missing] = (403, {}, b"<Error/>")
    yield made
    made.shutdown()
    made.server_close()


def plan_of(bucket: int) -> Plan:
    changes = {
        "shop:edge.firewall.requests": LIMIT,
        "shop:edge.firewall.sign_in_requests": GUARDED,
    }
    emulator = Emulator(address=("127.0.0.1", bucket), authorization="AWS4-HMAC-SHA256 signed")
    found = read(graph_of("local", changes), emulator, lambda *_: None)
    assert found is not None
    return found.plan


@pytest.fixture
def door(tmp_path: Path, shop: Server, bucket: Server) -> Iterator[Door]:
    made = Door(tmp_path / "door.log")
    start(made, plan_of(bucket.port), shop)
    yield made
    made.child.stop_now()


def start(door: Door, plan: Plan, shop: Server) -> None:
    """The plan is heard when the ports that follow it are."""
    door.child.write(b"[]\n")
    eventually(lambda: ask(door, "/begun", address="127.9.9.9")[0] == 503)
    door.work_by(plan)
    door.child.write(json.dumps([shop.port]).encode() + b"\n")
    eventually(lambda: ask(door, "/begun", address="127.9.9.9")[0] == 200)
    shop.asked.clear()


def ask(
    door: Door,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    address: str = "127.0.0.1",
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    with door.visitor(address) as link:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        link.request(method, path, body, named)
        answer = link.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def test_a_path_reaches_its_origin(door: Door, shop: Server, bucket: Server) -> None:
    assert ask(door, "/static/a.css")[2] == b"a{}"
    assert ask(door, "/p/lamp?a=1")[2] == b"from the shop "
    assert ask(door, "/cart", "POST", b"x")[2] == b"from the shop x"
    assert shop.paths() == ["/p/lamp?a=1", "/cart"]
    ((_, path, headers),) = bucket.asked
    assert path == "/static/a.css"
    assert headers["authorization"].endswith("signed")
    assert headers["host"].startswith("edge-files-")


def test_the_shop_stands_in_for_a_bucket_when_reading(
    door: Door, shop: Server, bucket: Server
) -> None:
    assert ask(door, "/static/gone.css")[2] == b"from the shop "
    assert ask(door, "/images/gone.svg?width=2&who=me", Cookie="session=s")[0] == 200
    assert shop.paths() == ["/static/gone.css", "/images/gone.svg?width=2"]
    assert "cookie" not in shop.asked[-1][2]
    assert ask(door, "/static/gone.css", "OPTIONS")[0] == 200
    assert ask(door, "/static/a.css", "POST", b"x")[0] == 403  # not an allowed method
    bucket.shutdown()
    bucket.server_close()
    assert ask(door, "/images/other.svg")[2] == b"from the shop "


def test_visitors_cannot_say_who_they_are(door: Door, shop: Server) -> None:
    ask(
        door, "/", address="127.0.0.7", CloudFront_Viewer_Address="6.6.6.6:1",
        X_Forwarded_For="6.6.6.6", Host="shop.test", Cookie="visitor=v", CloudFront_Is_Mobile="yes",
    )  # fmt: skip
    headers = shop.asked[-1][2]
    assert headers["cloudfront-viewer-address"].rpartition(":")[0] == "127.0.0.7"
    assert headers["x-forwarded-for"] == "6.6.6.6, 127.0.0.7"
    assert headers["host"] == "shop.test"
    assert headers["cookie"] == "visitor=v"
    assert "cloudfront-is-mobile" not in headers


def test_headers_that_an_origin_left_out_are_added(door: Door, shop: Server) -> None:
    shop.answers["/own"] = (200, {"X-Frame-Options": "SAMEORIGIN"}, b"")
    policy = {h.name: h.value for h in plan_of(1).behaviours[-1].headers}
    assert len(policy) == 8
    answers = [
        ask(door, "/plain"),
        ask(door, "/cart", "HEAD"),
        ask(door, "/static/a.css", "DELETE"),  # the edge's own 403
    ]
    for _, headers, _ in answers:
        assert policy.keys() <= headers.keys()
    assert {name: answers[0][1][name] for name in policy} == policy
    assert ask(door, "/own")[1]["x-frame-options"] == "SAMEORIGIN"


def test_override_replaces_what_an_origin_sent(door: Door, shop: Server) -> None:
    shop.answers["/"] = (200, {"X-Frame-Options": "SAMEORIGIN", "X-Secret": "1"}, b"x")
    plan = plan_of(1)
    last = dataclasses.replace(
        plan.behaviours[-1],
        headers=(Header(name="x-frame-options", value="DENY", override=True),),
        removed=("x-secret",),
    )
    start(door, dataclasses.replace(plan, behaviours=(last,)), shop)
    headers = ask(door, "/")[1]
    assert headers["x-frame-options"] == "DENY"
    assert "x-secret" not in headers


def test_an_api_on_this_machine(door: Door, shop: Server) -> None:
    api = Server()
    api.answers["/api/v1/events"] = (202, {"Content-Type": "application/json"}, b'{"accepted":1}')
    plan = plan_of(1)
    behaviour = Behaviour(
        pattern="/api/v1/events",
        origins=("api",),
        methods=("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"),
        caching=Caching(shortest=0, default=0, longest=0),
        forwarding=Forwarding(headers="all", not_headers=("host",), cookies="all", query="all"),
        headers=plan.behaviours[0].headers,
    )
    host = f"127.0.0.1:{api.port}"
    origin = Origin(name="api", kind="http", host=host, address=("127.0.0.1", api.port))
    wider = dataclasses.replace(
        plan, behaviours=(behaviour, *plan.behaviours), origins=(*plan.origins, origin)
    )
    start(door, wider, shop)
    status, headers, body = ask(door, "/api/v1/events?x=1", "POST", b"{}", Cookie="visitor=v")
    assert (status, body) == (202, b'{"accepted":1}')
    assert headers["x-content-type-options"] == "nosniff"
    ((_, path, heard),) = api.asked
    assert (path, heard["host"], heard["cookie"]) == ("/api/v1/events?x=1", host, "visitor=v")
    api.shutdown()
    api.server_close()
    assert ask(door, "/api/v1/events")[0] == 503


def test_a_page_stands_in_when_the_shop_is_away(door: Door, shop: Server, bucket: Server) -> None:
    shop.answers["/broken"] = (503, {}, b"the shop's own words")
    shop.answers["/bad"] = (500, {}, b"a mistake")
    for method in ("GET", "POST"):
        status, headers, body = ask(door, "/broken", method, b"x")
        assert (status, body) == (503, b"<h1>Right back</h1>")
        assert headers["content-security-policy"].startswith("default-src 'none'")
    assert ask(door, "/broken", "HEAD")[::2] == (503, b"")
    assert ask(door, "/bad")[::2] == (500, b"a mistake")
    door.child.write(b"[]\n")
    eventually(lambda: ask(door, "/x", address="127.0.0.3")[2] == b"<h1>Right back</h1>")
    start(door, plan_of(free_port()), shop)
    status, headers, body = ask(door, "/broken")  # even the bucket is away
    assert status == 503
    assert b"Back in a moment" in body
    assert headers["retry-after"]
    assert headers["x-frame-options"] == "DENY"


def test_each_address_has_its_own_limits(door: Door) -> None:
    statuses = [ask(door, "/%6Cogin", "POST", b"x")[0] for _ in range(GUARDED + 3)]
    assert statuses == [200] * GUARDED + [429] * 3
    status, headers, _ = ask(door, "//login", "POST", b"x")
    assert status == 429
    assert headers["strict-transport-security"]
    assert headers["cache-control"] == "no-store"
    assert ask(door, "/login")[0] == 200
    assert ask(door, "/login", "POST", b"x", address="127.0.0.2")[0] == 200
    statuses = [ask(door, "/", address="127.0.0.4")[0] for _ in range(LIMIT + 2)]
    assert statuses == [200] * LIMIT + [429] * 2
    assert ask(door, "/", address="127.0.0.5")[0] == 200


def test_what_may_be_shared_is_kept_and_nothing_else(door: Door, shop: Server) -> None:
    public, own = {"Cache-Control": "s-maxage=60"}, {"Cache-Control": "private"}
    shop.answers = {
        "/shared": (200, {**public, "ETag": '"1"'}, b"for all"),
        "/cookie": (200, {**public, "Set-Cookie": "a=b"}, b""),
        "/own": (200, own, b""),
        "/silent": (200, {}, b""),
        "/wrong": (404, public, b""),
    }
    for path in shop.answers:
        ask(door, path)
        caches = [ask(door, path, method)[1]["x-cache"] for method in ("GET", "HEAD")]
        assert caches == ["Hit from edge" if path == "/shared" else "Miss from edge"] * 2, path
    shop.asked.clear()
    assert ask(door, "/shared")[1]["age"] == "0"
    assert ask(door, "/shared", If_None_Match='W/"1"')[::2] == (304, b"")
    for other in ("/shared?x=1", "/Shared"):
        assert ask(door, other)[1]["x-cache"] == "Miss from edge"
    for cookie in ("session=a", "session=b", "cart_items=1"):
        assert ask(door, "/shared", Cookie=cookie)[1]["x-cache"] == "Miss from edge"
    assert ask(door, "/shared", Cookie="theirs=1")[1]["x-cache"] == "Hit from edge"
    assert ask(door, "/shared", "POST", b"")[1]["x-cache"] == "Miss from edge"
    assert len(shop.asked) == 6


def test_encodings_are_kept_apart(door: Door, shop: Server) -> None:
    shop.answers["/z"] = (200, {"Cache-Control": "s-maxage=60"}, b"plain")
    assert ask(door, "/z")[2] == b"plain"
    zipped = gzip.compress(b"plain")
    shop.answers["/z"] = (
        200, {"Cache-Control": "s-maxage=60", "Content-Encoding": "gzip"}, zipped,
    )  # fmt: skip
    assert ask(door, "/z", Accept_Encoding="gzip, deflate")[2] == zipped
    assert shop.asked[-1][2]["accept-encoding"] == "gzip"
    assert ask(door, "/z")[2] == b"plain"


def test_many_requests_in_one_packet_are_answered_in_order(door: Door) -> None:
    with door.visitor() as link:
        link.connect()
        assert link.sock is not None
        get = "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n"
        post = (
            "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
        upgrade = "GET /u HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        last = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        link.sock.sendall((get.format(1) + post + upgrade + get.format(2) + last).encode())
        got = b""
        while piece := link.sock.recv(65_536):
            got += piece
    assert got.count(b"HTTP/1.1 200") == 5
    assert got.count(b"from the shop") == 5
    assert got.index(b"from the shop abc") < got.rindex(b"from the shop ")


def test_a_body_in_pieces_ends_once(door: Door, shop: Server) -> None:
    shop.gates["/p"] = threading.Event()
    with door.visitor() as link:
        link.connect()
        assert link.sock is not None
        post = b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        link.sock.sendall(post)
        eventually(lambda: door_is_idle(door))
        link.sock.sendall(b"2\r\nde\r\n0\r\n\r\n")
        eventually(lambda: "/p" in shop.paths())
        last = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        link.sock.sendall(last)
        eventually(lambda: door_is_idle(door))
        shop.gates["/p"].set()
        got = b""
        while piece := link.sock.recv(65_536):
            got += piece
    assert got.count(b"HTTP/1.1 200") == 2
    assert b"from the shop abcde" in got
    assert [path for path in shop.paths() if path != "/idle"] == ["/p", "/last"]


def door_is_idle(door: Door) -> bool:
    """It has answered somebody who came later, so it has read what was sent before."""
    return ask(door, "/idle", "DELETE", address="127.0.0.8")[0] > 0


def test_a_broken_request_is_refused_with_the_headers(door: Door) -> None:
    with door.visitor() as link:
        link.connect()
        assert link.sock is not None
        link.sock.sendall(b"GET / HTTP/9.9\r\nBad Header\r\n\r\n")
        got = link.sock.recv(65_536)
    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"x-frame-options: DENY" in got


def test_an_origin_that_is_silent_is_given_up(door: Door, shop: Server) -> None:
    plan = plan_of(1)
    quick = tuple(dataclasses.replace(origin, read_seconds=0.2) for origin in plan.origins)
    start(door, dataclasses.replace(plan, origins=quick), shop)
    shop.gates["/slow"] = threading.Event()
    assert ask(door, "/slow")[0] == 503
    shop.gates["/slow"].set()
