"""DataTier: encrypted, closed, recoverable, and small or large as the stack says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph import Graph
from tests.stacks import STACKS, config, graph_of

INSTANCE = "aws:rds/instance:Instance"
SECRET_TEXT = "aws:secretsmanager/secretVersion:SecretVersion"


def data_key(graph: Graph) -> str:
    arn: str = graph.one("aws:kms/key:Key", "data").outputs["arn"]
    return arn


def database(graph: Graph) -> dict[str, Any]:
    return graph.one(INSTANCE, "data-database").inputs


@pytest.mark.parametrize("stack", STACKS)
def test_the_database_is_as_the_stack_says(stack: str) -> None:
    graph, told = graph_of(stack), config(stack)["shop:data"]
    made, asked = database(graph), told["database"]
    assert made["engine"] == "postgres"
    assert made["engineVersion"] == asked["engine_version"]
    assert made["instanceClass"] == asked["instance_class"]
    assert made["allocatedStorage"] == asked["storage_gib"]
    assert made["maxAllocatedStorage"] == asked["max_storage_gib"]
    assert made["multiAz"] is asked["multi_az"]
    assert made["backupRetentionPeriod"] == asked["backup_days"]
    assert made["deletionProtection"] is told["protect"]
    assert made["skipFinalSnapshot"] is not told["protect"]
    assert made["finalSnapshotIdentifier"] == f"shop-{stack}-final"
    assert made["storageEncrypted"] is True
    assert made["kmsKeyId"] == made["performanceInsightsKmsKeyId"] == data_key(graph)
    assert made["performanceInsightsEnabled"] is True
    assert made["publiclyAccessible"] is False
    assert made["copyTagsToSnapshot"] is True


@pytest.mark.parametrize("stack", STACKS)
def test_the_database_stands_in_isolated_subnets(stack: str) -> None:
    graph = graph_of(stack)
    subnets = {s.id for s in graph.of_type("aws:ec2/subnet:Subnet") if "-data-" in s.name}
    group = graph.one("aws:rds/subnetGroup:SubnetGroup")
    assert set(group.inputs["subnetIds"]) == subnets
    assert database(graph)["dbSubnetGroupName"] == group.outputs["name"]
    cache = graph.one("aws:elasticache/subnetGroup:SubnetGroup")
    assert set(cache.inputs["subnetIds"]) == subnets


@pytest.mark.parametrize(
    ("tls", "forced"), [("verify-full", "1"), ("require", "1"), ("disable", "0")]
)
def test_the_parameter_group_forces_tls(tls: str, forced: str) -> None:
    ca_file = "/etc/ssl/rds.pem" if tls == "verify-full" else None
    changes = {"shop:data.database.tls": tls, "shop:data.database.ca_file": ca_file}
    graph = graph_of("local", changes)
    group = graph.one("aws:rds/parameterGroup:ParameterGroup")
    values = {p["name"]: p["value"] for p in group.inputs["parameters"]}
    assert values["rds.force_ssl"] == forced
    assert group.inputs["family"] == "postgres18"
    assert database(graph)["parameterGroupName"] == group.outputs["name"]


def test_a_minor_version_has_its_majors_parameters() -> None:
    graph = graph_of("dev", {"shop:data.database.engine_version": "17.6"})
    assert graph.one("aws:rds/parameterGroup:ParameterGroup").inputs["family"] == "postgres17"


@pytest.mark.parametrize("stack", STACKS)
def test_rds_manages_its_owners_password_under_the_customer_key(stack: str) -> None:
    made = database(graph_of(stack))
    assert made["manageMasterUserPassword"] is True
    assert made["masterUserSecretKmsKeyId"] == data_key(graph_of(stack))
    assert "password" not in made


def test_a_replica_follows_a_primary_whose_password_is_ours() -> None:
    graph = graph_of("dev", {"shop:data.database.read_replica": True})
    primary = graph.one(INSTANCE, "data-database")
    reader = graph.one(INSTANCE, "data-database-reader").inputs
    assert reader["replicateSourceDb"] == primary.outputs["identifier"]
    assert reader["storageEncrypted"] is True
    assert "kmsKeyId" not in reader  # RDS takes none for a replica in the same region
    assert reader["parameterGroupName"] == primary.inputs["parameterGroupName"]
    # RDS refuses to replicate an instance whose password it manages.
    assert "manageMasterUserPassword" not in primary.inputs
    assert "password" in primary.secrets
    kept = graph.one(SECRET_TEXT, "data-database-master").inputs["secretString"]
    assert json.loads(kept) == {
        "username": primary.inputs["username"],
        "password": primary.inputs["password"],
    }
    secret = graph.one("aws:secretsmanager/secret:Secret", "data-database-master")
    told = graph.one("kubernetes:core/v1:ConfigMap", "web-migrate").inputs["data"]
    assert told["DATABASE_MASTER_SECRET_ARN"] == secret.outputs["arn"]


def test_the_application_has_a_user_of_its_own() -> None:
    graph = graph_of("prod")
    version = graph.one(SECRET_TEXT, "data-database-user")
    user = json.loads(version.inputs["secretString"])
    assert set(user) == {"username", "password"}
    assert user["username"] != database(graph)["username"]
    assert len(user["password"]) == 40
    assert "secretString" in version.secrets


@pytest.mark.parametrize("stack", STACKS)
def test_log_groups_are_there_before_what_writes_to_them(stack: str) -> None:
    graph = graph_of(stack)
    instance = graph.one(INSTANCE, "data-database")
    groups = {
        g.inputs["name"]: g
        for g in graph.of_type("aws:cloudwatch/logGroup:LogGroup")
        if g.name.startswith("data-database")
    }
    assert set(groups) == {
        f"/aws/rds/instance/shop-{stack}/{kind}"
        for kind in instance.inputs["enabledCloudwatchLogsExports"]
    }
    assert {g.urn for g in groups.values()} <= set(instance.options.depends_on)


@pytest.mark.parametrize(("name", "key"), [("carts", "cart_id"), ("sessions", "session_id")])
def test_tables(name: str, key: str) -> None:
    graph = graph_of("prod")
    table = graph.one("aws:dynamodb/table:Table", f"data-{name}").inputs
    assert table["hashKey"] == key
    assert table["attributes"] == [{"name": key, "type": "S"}]
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}
    assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": data_key(graph)}
    assert table["deletionProtectionEnabled"] is True


@pytest.mark.parametrize(("nodes", "failover"), [(1, False), (2, False), (2, True), (3, True)])
def test_the_cache_fails_over_where_it_can(nodes: int, failover: bool) -> None:
    changes = {"shop:data.cache.nodes": nodes, "shop:data.cache.automatic_failover": failover}
    group = graph_of("dev", changes).one("aws:elasticache/replicationGroup:ReplicationGroup")
    assert group.inputs["numCacheClusters"] == nodes
    assert group.inputs["automaticFailoverEnabled"] is failover
    assert group.inputs["multiAzEnabled"] is failover
    assert group.inputs["engine"] == "valkey"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_cache_speaks_tls_and_asks_for_a_password(stack: str) -> None:
    graph = graph_of(stack)
    group = graph.one("aws:elasticache/replicationGroup:ReplicationGroup")
    assert group.inputs["transitEncryptionEnabled"] is True
    assert group.inputs["transitEncryptionMode"] == "required"
    assert group.inputs["atRestEncryptionEnabled"] is True
    assert group.inputs["kmsKeyId"] == data_key(graph)
    version = graph.one(SECRET_TEXT, "data-cache")
    assert json.loads(version.inputs["secretString"]) == {"auth_token": group.inputs["authToken"]}
    assert 16 <= len(group.inputs["authToken"]) <= 128
    assert "authToken" in group.secrets


@pytest.mark.parametrize("stack", STACKS)
def test_the_cache_keeps_logs_under_the_key_of_logs(stack: str) -> None:
    graph = graph_of(stack)
    cache = graph.one("aws:elasticache/replicationGroup:ReplicationGroup").inputs
    told = {d["logType"]: d for d in cache["logDeliveryConfigurations"]}
    assert told.keys() == {"engine-log", "slow-log"}
    for kind in ("engine", "slow"):
        group = graph.one("aws:cloudwatch/logGroup:LogGroup", f"data-cache-{kind}").inputs
        assert group["name"] == told[f"{kind}-log"]["destination"]
        assert group["name"] == f"/aws/vendedlogs/elasticache/shop-{stack}/{kind}"
        assert group["kmsKeyId"] == graph.one("aws:kms/key:Key", "network-logs").outputs["arn"]
        assert group["retentionInDays"] == config(stack)["shop:data"]["log_days"]


def test_a_laptops_cache_has_neither() -> None:
    graph = graph_of("local")
    group = graph.one("aws:elasticache/replicationGroup:ReplicationGroup").inputs
    assert group["transitEncryptionEnabled"] is False
    assert "authToken" not in group
    assert "data-cache" not in {s.name for s in graph.of_type(SECRET_TEXT)}


@pytest.mark.parametrize("part", ["images", "logs"])
@pytest.mark.parametrize("stack", STACKS)
def test_buckets_are_closed_versioned_and_tidy(stack: str, part: str) -> None:
    graph, name = graph_of(stack), f"data-{part}"
    bucket = graph.one("aws:s3/bucket:Bucket", name)

    def beside(kind: str) -> dict[str, Any]:
        token = f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
        found = graph.one(token, name)
        assert found.inputs["bucket"] == bucket.id
        inputs: dict[str, Any] = found.inputs
        return inputs

    access = beside("BucketPublicAccessBlock")
    for switch in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls"):
        assert access[switch] is True
    assert access["restrictPublicBuckets"] is True
    assert beside("BucketOwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert beside("BucketVersioning")["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = beside("BucketLifecycleConfiguration")["rules"]
    assert rule["status"] == "Enabled"
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    days = config(stack)["shop:data"]["log_days"]
    assert rule.get("expiration") == ({"days": days} if part == "logs" else None)
    (encryption,) = beside("BucketServerSideEncryptionConfiguration")["rules"]
    algorithm = encryption["applyServerSideEncryptionByDefault"]
    assert algorithm["sseAlgorithm"] == ("AES256" if part == "logs" else "aws:kms")
    policy = json.loads(beside("BucketPolicy")["policy"])
    deny = policy["Statement"][0]
    arn = bucket.outputs["arn"]
    assert (deny["Effect"], deny["Action"]) == ("Deny", "s3:*")
    assert deny["Resource"] == [arn, f"{arn}/*"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert bucket.inputs["forceDestroy"] is not config(stack)["shop:data"]["protect"]


def test_who_reads_images_is_logged() -> None:
    graph = graph_of("dev")
    log = graph.one("aws:s3/bucketLogging:BucketLogging", "data-images").inputs
    assert log["bucket"] == graph.one("aws:s3/bucket:Bucket", "data-images").id
    assert log["targetBucket"] == graph.one("aws:s3/bucket:Bucket", "data-logs").id
    policy = json.loads(graph.one("aws:s3/bucketPolicy:BucketPolicy", "data-logs").inputs["policy"])
    delivery = policy["Statement"][1]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Resource"].endswith("/s3/*")
    assert "aws:SourceAccount" in delivery["Condition"]["StringEquals"]


def test_events_that_nobody_can_handle_end_in_the_dead_letter_queue() -> None:
    graph = graph_of("prod")
    queue = graph.one("aws:sqs/queue:Queue", "data-order-events")
    dead = graph.one("aws:sqs/queue:Queue", "data-order-events-dead")
    redrive = json.loads(queue.inputs["redrivePolicy"])
    assert redrive == {"deadLetterTargetArn": dead.outputs["arn"], "maxReceiveCount": 5}
    allow = graph.one("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy").inputs
    assert allow["queueUrl"] == dead.outputs["url"]
    assert json.loads(allow["redriveAllowPolicy"])["sourceQueueArns"] == [queue.outputs["arn"]]
    assert dead.inputs["messageRetentionSeconds"] > queue.inputs["messageRetentionSeconds"]
    for each in (queue, dead):
        assert each.inputs["kmsMasterKeyId"] == data_key(graph)


def test_groups_admit_only_who_reads_them() -> None:
    graph = graph_of("prod")
    pods = graph.one("eks:index:Cluster").outputs["clusterSecurityGroupId"]
    fleet = graph.one("aws:ec2/securityGroup:SecurityGroup", "web-fleet").id
    rules = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    functions = graph.one("aws:ec2/securityGroup:SecurityGroup", "recommendations-functions").id
    rotation = graph.one("aws:ec2/securityGroup:SecurityGroup", "data-rotate").id
    for name, port, more in (
        ("data-database", 5432, {functions, rotation}),
        ("data-cache", 6379, {rotation}),
    ):
        group = graph.one("aws:ec2/securityGroup:SecurityGroup", name)
        assert "ingress" not in group.inputs
        admitted = [r.inputs for r in rules if r.inputs["securityGroupId"] == group.id]
        assert {rule["referencedSecurityGroupId"] for rule in admitted} == {pods, fleet} | more
        for rule in admitted:
            assert (rule["fromPort"], rule["toPort"], rule["ipProtocol"]) == (port, port, "tcp")
    assert database(graph)["vpcSecurityGroupIds"] == [
        graph.one("aws:ec2/securityGroup:SecurityGroup", "data-database").id
    ]
