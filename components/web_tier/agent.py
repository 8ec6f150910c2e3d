"""CloudWatch's agent on the cluster's nodes: logs of pods with the metrics in them, and traces.

Container Insights comes with it: what pods and nodes use, and which of them fail.
"""

from __future__ import annotations

import json

import pulumi_aws as aws
from pulumi import Input, Resource, ResourceOptions

from components import iam

COLLECTOR = "http://cloudwatch-agent.amazon-cloudwatch:4318"  # the add-on's own service
OTLP_PORT = 4318
_GROUPS = "/aws/containerinsights"
# A pod's lines as they are: wrapped into what Fluent Bit knows of the pod, as the add-on does by
# itself, CloudWatch would not find the metrics in them. The pod is in the stream's name.
_LINES = """\
[INPUT]
  Name              tail
  Tag               application.*
  Path              /var/log/containers/*_{namespace}_*.log
  multiline.parser  docker, cri
  DB                /var/fluent-bit/state/flb_shop.db
  Mem_Buf_Limit     50MB
  Skip_Long_Lines   On
  Refresh_Interval  10
  Rotate_Wait       30
  storage.type      filesystem
  Read_from_Head    On

[OUTPUT]
  Name               cloudwatch_logs
  Match              application.*
  region             ${{AWS_REGION}}
  log_group_name     {groups}/${{CLUSTER_NAME}}/application
  log_stream_prefix  ${{HOST_NAME}}-
  log_key            log
  log_format         json/emf
  auto_create_group  false
"""


def agent(
    name: str,
    *,
    physical: str,
    cluster_name: Input[str],
    namespace: str,
    region: str,
    log_days: int,
    log_key_arn: Input[str],
    mine: ResourceOptions,
) -> None:
    """The add-on with its role and log groups, for the pods of ``namespace``."""
    groups: dict[str, Resource] = {
        part: aws.cloudwatch.LogGroup(
            f"{name}-{part}",
            name=f"{_GROUPS}/{physical}/{part}",
            retention_in_days=log_days,
            kms_key_id=log_key_arn,
            opts=mine,
        )
        for part in ("application", "performance")
    }
    role, allowed = iam.role_with_policy(
        name,
        description="CloudWatch's agent on the shop's nodes",
        trusted=iam.trust(
            "pods.eks.amazonaws.com",
            actions=("sts:AssumeRole", "sts:TagSession"),
            when={"StringEquals": {"aws:RequestTag/eks-cluster-name": physical}},
        ),
        allowed=[
            iam.allow(
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                on=[
                    iam.account_id().apply(
                        lambda id_: f"arn:aws:logs:{region}:{id_}:log-group:{_GROUPS}/{physical}/*"
                    )
                ],
            ),
            *sending("ContainerInsights"),
            iam.without_resources(["ec2:DescribeTags", "ec2:DescribeVolumes"]),
        ],
        opts=mine,
    )
    aws.eks.Addon(
        name,
        cluster_name=cluster_name,
        addon_name="amazon-cloudwatch-observability",
        configuration_values=json.dumps(_configuration(namespace), sort_keys=True),
        pod_identity_associations=[{"role_arn": role.arn, "service_account": "cloudwatch-agent"}],
        # Hidden dependencies: what runs there writes at once, and may make no log group itself.
        opts=ResourceOptions(parent=mine.parent, depends_on=[allowed, *groups.values()]),
    )


def sending(namespace: str) -> list[iam.Statement]:
    """Metrics of one namespace, and traces."""
    return [
        iam.without_resources(
            ["cloudwatch:PutMetricData"],
            when={"StringEquals": {"cloudwatch:namespace": namespace}},
        ),
        iam.without_resources(
            [
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
        ),
    ]


def _configuration(namespace: str) -> dict[str, object]:
    lines = _LINES.format(namespace=namespace, groups=_GROUPS)
    nothing = {"dataplane-log.conf": "", "host-log.conf": ""}  # Auto Mode's nodes are AWS's own
    files = {"application-log.conf": lines, **nothing}
    otlp = {"http_endpoint": f"0.0.0.0:{OTLP_PORT}", "grpc_endpoint": "0.0.0.0:4317"}
    return {
        "agent": {
            "config": {
                "logs": {
                    "metrics_collected": {"kubernetes": {"enhanced_container_insights": True}}
                },
                "traces": {"traces_collected": {"otlp": otlp}},
            }
        },
        "containerLogs": {"fluentBit": {"config": {"extraFiles": files}}},
    }
