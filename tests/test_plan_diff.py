"""Seeded changes of the real stacks, and what the plan says of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.plan import Change, compare
from graph.plan.report import plan
from tests.plans import by_name, changes, program, through_json
from tests.stacks import graph_of

EIP, NAT = "Eip", "NatGateway"


def replacing(change: Change) -> set[str]:
    return {d.path for d in change.details if d.replaces}


def test_nothing_changes_when_nothing_changes() -> None:
    for stack in ("dev", "prod", "local"):
        assert compare(through_json(graph_of(stack)), through_json(graph_of(stack))) == []


def test_a_bigger_disk_is_a_change_in_place() -> None:
    found = changes("prod", {"shop:data.database.storage_gib": 200})
    (change,) = found.values()
    assert (change.kind, change.name, change.tier) == ("changed", "data-database", "data")
    (detail,) = change.details
    assert (detail.path, detail.before, detail.after) == ("allocatedStorage", "20", "200")
    assert not change.data


def test_another_instance_class_is_a_change_in_place() -> None:
    found = changes("prod", {"shop:data.database.instance_class": "db.t4g.large"})
    assert [(c.kind, [d.path for d in c.details]) for c in found.values()] == [
        ("changed", ["instanceClass"])
    ]


def test_another_node_type_is_a_change_in_place() -> None:
    found = changes("prod", {"shop:data.cache.node_type": "cache.t4g.small"})
    assert found["data-cache ReplicationGroup"].kind == "changed"


def test_one_gateway_instead_of_three_removes_two() -> None:
    found = changes("prod", {"shop:network.nat": "single"})
    removed = {name for name, c in found.items() if c.kind == "removed"}
    assert removed == {f"network-nat-{z} {kind}" for z in "bc" for kind in (EIP, NAT)}
    assert found["network-application-b-nat Route"].kind == "changed"


def test_an_endpoint_is_added() -> None:
    one, two = (
        through_json(graph_of("prod", {"shop:network.interface_endpoints": names}))
        for names in (["sqs"], ["sqs", "kms"])
    )
    assert [(c.kind, c.name) for c in compare(one, two)] == [("added", "network-kms")]


def test_another_cidr_replaces_the_network_and_what_is_in_it() -> None:
    found = changes("prod", {"shop:network.cidr": "10.50.0.0/16"})
    assert replacing(found["network Vpc"]) == {"cidrBlock"}
    subnet = found["network-data-a Subnet"]
    assert replacing(subnet) == {"cidrBlock", "vpcId"}
    assert next(d for d in subnet.details if d.path == "vpcId").after is None
    assert found["balancer-pods TargetGroup"].kind == "replaced"
    # Groups move with their network; the database stays and is given the new ones.
    assert found["data-database SecurityGroup"].kind == "replaced"
    assert found["data-database Instance"].kind == "changed"


def test_a_new_image_replaces_the_migration_and_changes_the_pods() -> None:
    found = changes("prod", {"shop:web.image": "registry.example/storefront:2"})
    job = found["web-migrate Job"]
    assert job.kind == "replaced"
    assert "metadata.name" in replacing(job)
    assert any(path.startswith("spec.template") for path in replacing(job))
    for pods in ("web-web Deployment", "web-worker Deployment"):
        assert found[pods].kind == "changed"


def test_settings_of_pods_make_a_new_config_map() -> None:
    found = changes("prod", {"shop:web.log_level": "debug"})
    assert found["web-storefront ConfigMap"].kind == "replaced"
    assert found["web-web Deployment"].kind == "changed"


def test_the_number_of_pods_is_the_autoscalers_to_change() -> None:
    found = changes("prod", {"shop:web.storefront.replicas": {"min": 4, "max": 30}})
    assert set(found) == {"web-web HorizontalPodAutoscaler"}  # the Deployment ignores it


def test_another_kubernetes_version_is_a_change_in_place() -> None:
    found = changes("prod", {"shop:web.cluster.kubernetes_version": "1.35"})
    (change,) = found.values()
    assert (change.kind, change.type) == ("changed", "eks:index:Cluster")


def test_a_replica_brings_a_password_of_ours_that_nobody_sees() -> None:
    found = changes("prod", {"shop:data.database.read_replica": True})
    assert found["data-database-reader Instance"].kind == "added"
    details = {d.path: d for d in found["data-database Instance"].details}
    assert (details["password"].before, details["password"].after) == ("", "(secret)")


def test_tls_off_changes_pods_and_takes_the_caches_password_away() -> None:
    found = changes("local", {"shop:data.cache.tls": True})
    assert found["data-cache Secret"].kind == "added"
    assert found["data-cache RandomPassword"].kind == "added"


def test_a_protected_database_in_another_place_is_refused() -> None:
    after = graph_of("prod")
    before = through_json(after)
    text = plan("prod", "main", before, None)
    database = by_name(list(text.changes))["data-database Instance"]
    assert (database.kind, database.data) == ("removed", True)
    assert database.refused == "it is protected (`protect`)"
    assert any("would fail" in w and "data-database" in w for w in text.warnings())


def test_a_stack_without_protection_loses_its_data_and_says_so() -> None:
    gone = plan("dev", "main", through_json(graph_of("dev")), None)
    assert any(w.startswith("data-database") and "its data" in w for w in gone.warnings())


def test_lifting_protection_is_shown() -> None:
    found = changes("prod", {"shop:data.protect": False})
    paths = {d.path: (d.before, d.after) for d in found["data-database Instance"].details}
    assert paths["(protect)"] == ("true", "false")
    assert paths["deletionProtection"] == ("true", "false")


STRICT = "opts=ResourceOptions(replace_on_changes=['delaySeconds'])"
DEPLOYMENT = """
selector = {{"match_labels": {{"a": "{0}"}}}}
k8s.apps.v1.Deployment("d", spec={{"selector": selector, "template": {{}}}})
"""
CASES: dict[str, tuple[str, str, str, set[str]]] = {
    # What: program before, program after, kind of the change, inputs that replace
    "a bucket's name": (
        'aws.s3.Bucket("b", bucket="one")',
        'aws.s3.Bucket("b", bucket="two")',
        "replaced",
        {"bucket"},
    ),
    "a table's key": (
        'aws.dynamodb.Table("t", hash_key="a", attributes=[{"name": "a", "type": "S"}])',
        'aws.dynamodb.Table("t", hash_key="b", attributes=[{"name": "b", "type": "S"}])',
        "replaced",
        {"hashKey"},
    ),
    "a database's engine": (
        'aws.rds.Instance("d", instance_class="db.t4g.micro", engine="postgres")',
        'aws.rds.Instance("d", instance_class="db.t4g.micro", engine="mysql")',
        "replaced",
        {"engine"},
    ),
    "another region": (
        'aws.sqs.Queue("q")',
        'aws.sqs.Queue("q", region="eu-west-1")',
        "replaced",
        {"region"},
    ),
    "a selector": (
        DEPLOYMENT.format("b"),
        DEPLOYMENT.format("c"),
        "replaced",
        {"spec.selector.matchLabels.a"},
    ),
    "replaceOnChanges": (
        f"aws.sqs.Queue('q', delay_seconds=1, {STRICT})",
        f"aws.sqs.Queue('q', delay_seconds=2, {STRICT})",
        "replaced",
        {"delaySeconds"},
    ),
    "a secret": (
        'aws.ssm.Parameter("p", type="SecureString", value=pulumi.Output.secret("hush-1"))',
        'aws.ssm.Parameter("p", type="SecureString", value=pulumi.Output.secret("hush-2"))',
        "changed",
        set(),
    ),
    "a tag": (
        'aws.sqs.Queue("q", tags={"a": "b"})',
        'aws.sqs.Queue("q", tags={"a": "c"})',
        "changed",
        set(),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_small_programs(case: str, tmp_path: Path) -> None:
    before, after, kind, inputs = CASES[case]
    (change,) = compare(program(tmp_path, before), program(tmp_path, after))
    assert change.kind == kind
    assert replacing(change) == inputs
    assert not change.unknown_type
    assert "hush" not in repr(change)


def test_an_alias_makes_a_rename_no_change(tmp_path: Path) -> None:
    tier = """
        class Tier(ComponentResource):
            def __init__(self, name, aliases=None):
                super().__init__("tiny:index:Tier", name, None, ResourceOptions(aliases=aliases))
                mine = ResourceOptions(parent=self)
                key = aws.kms.Key(f"{name}-key", opts=mine)
                aws.s3.Bucket(f"{name}-files", opts=mine)
                aws.kms.Alias(f"{name}-alias", target_key_id=key.id, opts=mine)
        """
    before = program(tmp_path, tier + 'Tier("old")\n')
    renamed = program(tmp_path, tier + 'Tier("new", [Alias(name="old")])\n')
    assert compare(before, renamed) == []
    lost = compare(before, program(tmp_path, tier + 'Tier("new")\n'))
    assert sorted(c.kind for c in lost) == ["added"] * 3 + ["removed"] * 3


def test_what_is_made_anew_reaches_what_stands_on_it(tmp_path: Path) -> None:
    text = """
        vpc = aws.ec2.Vpc("v", cidr_block="10.{n}.0.0/16")
        subnet = aws.ec2.Subnet("s", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
        aws.ec2.SecurityGroup("g", vpc_id=vpc.id, tags={{"in": subnet.id}},
            opts=ResourceOptions(ignore_changes=["vpcId"]))
        """
    found = by_name(compare(*(program(tmp_path, text.format(n=n)) for n in (0, 1))))
    assert {name: c.kind for name, c in found.items()} == {
        "v Vpc": "replaced",
        "s Subnet": "replaced",
        "g SecurityGroup": "changed",
    }


def test_options_of_a_replacement_are_told(tmp_path: Path) -> None:
    text = 'aws.kms.Key("k", multi_region={on}, opts=ResourceOptions({opts}))'
    kept = "retain_on_delete=True, delete_before_replace=True"
    (change,) = compare(
        *(program(tmp_path, text.format(on=on, opts=kept)) for on in ("True", "False"))
    )
    assert (change.kind, change.data, change.kept, change.deleted_first) == (
        "replaced",
        True,
        True,
        True,
    )
    (change,) = compare(
        *(program(tmp_path, text.format(on=on, opts="protect=True")) for on in ("True", "False"))
    )
    assert change.refused == "it is protected (`protect`)"
    guarded = """
        aws.rds.Instance("d", instance_class="db.t4g.micro", deletion_protection=True,
            engine="{engine}")
        """
    (change,) = compare(
        *(program(tmp_path, guarded.format(engine=e)) for e in ("postgres", "mysql"))
    )
    assert (change.kind, change.data) == ("replaced", True)
    assert change.refused == "AWS refuses (deletionProtection)"


def test_files_are_compared_by_their_content(tmp_path: Path) -> None:
    text = 'aws.s3.BucketObjectv2("o", bucket="b", key="k", source=pulumi.FileAsset("page.html"))'
    graphs = []
    for place, content in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "page.html").write_text(content)
        graphs.append(program(tmp_path / place, text))
    assert compare(graphs[0], graphs[1]) == []
    assert [c.kind for c in compare(graphs[0], graphs[2])] == ["changed"]
