"""A small program with one of everything that the sandbox serves, for its tests."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random

database = aws.rds.Instance(
    "database",
    username="owner",
    db_name="shop",
    engine="postgres",
    instance_class="db.t4g.micro",
    allocated_storage=20,
    manage_master_user_password=True,
)
token = pulumi_random.RandomPassword("token", length=32, special=False)
cache = aws.elasticache.ReplicationGroup("cache", description="Cache", auth_token=token.result)
counts = aws.dynamodb.Table(
    "counts",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    billing_mode="PAY_PER_REQUEST",
    ttl={"attribute_name": "expires_at", "enabled": True},
)
pictures = aws.s3.Bucket("pictures")
dead = aws.sqs.Queue("dead")
queue = aws.sqs.Queue(
    "queue",
    visibility_timeout_seconds=30,
    redrive_policy=pulumi.Output.json_dumps(
        {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 5}
    ),
)
secret = aws.secretsmanager.Secret("cache-auth")
aws.secretsmanager.SecretVersion(
    "cache-auth", secret_id=secret.arn, secret_string=pulumi.Output.json_dumps({"t": token.result})
)
aws.ec2.Vpc("recorded-only", cidr_block="10.0.0.0/16")

namespace = {"namespace": "shop"}
config = k8s.core.v1.ConfigMap(
    "config",
    metadata=namespace,
    data={
        "DATABASE_HOST": database.address,
        "DATABASE_PORT": database.port.apply(str),
        "MASTER": database.master_user_secrets[0].secret_arn,
        "CACHE_HOST": cache.primary_endpoint_address,
        "CACHE_PORT": "6379",
        "CACHE_SECRET": secret.arn,
        "COUNTS": counts.name,
        "PICTURES": pictures.bucket,
        "QUEUE": queue.url,
        "MAIL_TRANSPORT": "file",
        "MAIL_DIRECTORY": "mails",
        "PUBLIC_URL": "http://127.0.0.1:8080",
    },
)
aws.eks.PodIdentityAssociation(
    "storefront",
    cluster_name="shop",
    namespace="shop",
    service_account="storefront",
    role_arn="arn:aws:iam::123456789012:role/storefront",
)


def probe(path: str, failures: int) -> dict[str, object]:
    return {
        "http_get": {"path": path, "port": "http"},
        "period_seconds": 1,
        "failure_threshold": failures,
    }


def pod(name: str, account: str = "storefront") -> dict[str, object]:
    container = {
        "name": name,
        "image": "storefront",
        "command": ["python", "-m", "storefront"],
        "args": [name],
        "env_from": [{"config_map_ref": {"name": config.metadata.name}}],
        "env": [{"name": "GREETING", "value": "hello from $(MAIL_DIRECTORY)"}],
        "ports": [{"name": "http", "container_port": 8080}],
        "startup_probe": probe("/readyz", 30),
        "readiness_probe": probe("/readyz", 1),
        "liveness_probe": probe("/healthz", 2),
    }
    return {
        "service_account_name": account,
        "termination_grace_period_seconds": 5,
        "containers": [container],
    }


def deployment(name: str, template: dict[str, object], replicas: int) -> None:
    labels = {"app": name}
    k8s.apps.v1.Deployment(
        name,
        metadata={**namespace, "name": name},
        spec={
            "replicas": replicas,
            "selector": {"match_labels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template},
        },
    )


k8s.batch.v1.Job(
    "migrate",
    metadata={**namespace, "name": "migrate-0123456789"},
    spec={"template": {"spec": {**pod("migrate"), "restart_policy": "Never"}}, "backoff_limit": 2},
)
deployment("web", pod("web"), 2)
deployment("worker", pod("worker", account="nobody"), 1)
deployment("sidecar", {"containers": [{"name": "x", "image": "x", "command": ["/bin/true"]}]}, 1)
k8s.core.v1.Service(
    "web",
    metadata=namespace,
    spec={"selector": {"app": "web"}, "ports": [{"port": 80, "target_port": "http"}]},
)
