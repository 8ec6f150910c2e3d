"""EC2 instances that run the storefront beside the pods, or instead of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi_aws as aws
from pulumi import Input, Output, Resource, ResourceOptions

from components.balancer import BalancerLinks
from components.data_tier import DataLinks
from components.network import NetworkLinks
from components.recommendations import StoreLinks
from components.registry import RegistryLinks
from settings import WebSettings

from .boot import COLLECTOR, user_data
from .environment import PORT, Told, environment
from .instance_role import instance_profile
from .release import Release, ReleaseLinks, release

# The current Amazon Linux, looked up by EC2 when an instance is launched.
AMI = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
HOOK = "drain"
DRAIN_SECONDS = 120  # at most: ten to wait, thirty-five to finish requests, and room
WARMUP_SECONDS = 120  # from launch until an instance takes its share
OLDEST_SECONDS = 14 * 24 * 3600  # then it is replaced, by one with a patched system
CPU_PERCENT = 55
TAG = "fleet"  # instances carry it, with the group's name


@dataclass(frozen=True, kw_only=True)
class FleetLinks:
    """The Auto Scaling group by its physical name, and the release that this update made.

    Instances carry the name in the tag ``tag``.
    """

    group: Output[str]
    tag: str
    release: ReleaseLinks


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Makes the instances.

    ``physical`` begins the names that scripts on the instance must know. ``group_id`` is the
    security group they are in.
    """

    name: str
    physical: str
    settings: WebSettings
    registry: RegistryLinks
    network: NetworkLinks
    data: DataLinks
    records: StoreLinks
    told: Told
    balancer: BalancerLinks
    group_id: Input[str]
    mine: ResourceOptions

    def make(self, ways: Sequence[Resource]) -> FleetLinks:
        """``ways`` must be there before an instance starts: rules, and the schema it expects."""
        told = self.settings.fleet
        releases = release(self.name, self.data, self.mine)
        current = releases.write(self.registry, self._settings(), after=ways)
        template = self._template(releases)
        group = aws.autoscaling.Group(
            self.name,
            name=self.physical,
            min_size=told.min,
            max_size=told.max,
            vpc_zone_identifiers=self.network.application_subnet_ids,
            target_group_arns=[self.balancer.instances.arn],
            health_check_type="ELB",
            health_check_grace_period=WARMUP_SECONDS,
            default_instance_warmup=WARMUP_SECONDS,
            capacity_rebalance=True,
            tags=[{"key": TAG, "value": self.physical, "propagate_at_launch": True}],
            max_instance_lifetime=OLDEST_SECONDS,
            enabled_metrics=[
                aws.autoscaling.Metric.GROUP_DESIRED_CAPACITY,
                aws.autoscaling.Metric.GROUP_IN_SERVICE_INSTANCES,
                aws.autoscaling.Metric.GROUP_TERMINATING_INSTANCES,
            ],
            mixed_instances_policy={
                "launch_template": {
                    "launch_template_specification": {
                        "launch_template_id": template.id,
                        "version": template.latest_version.apply(str),
                    },
                    "overrides": [{"instance_type": kind} for kind in told.instance_types],
                },
                "instances_distribution": {
                    "on_demand_base_capacity": told.on_demand_base,
                    "on_demand_percentage_above_base_capacity": 100 - told.spot_percent,
                    "on_demand_allocation_strategy": "lowest-price",
                    "spot_allocation_strategy": "price-capacity-optimized",
                },
            },
            # New ones first, whatever replaces instances.
            instance_maintenance_policy={
                "min_healthy_percentage": 100,
                "max_healthy_percentage": 150,
            },
            # For another kind of instance; another release is CodeDeploy's. A changed template is a
            # changed version above, which starts a refresh. No automatic rollback: EC2 has none
            # where it looks the system up at launch. A refresh whose new instances are not healthy
            # stops, and the old ones stay.
            instance_refresh={
                "strategy": "Rolling",
                "preferences": {
                    "min_healthy_percentage": 100,
                    "max_healthy_percentage": 150,
                    "instance_warmup": str(WARMUP_SECONDS),
                },
            },
            # Hidden dependencies: health checks come from a listener, an instance fetches the
            # release when it boots, and the storefront needs what the ways lead to.
            opts=ResourceOptions(
                parent=self.mine.parent, depends_on=[self.balancer.listener, current, *ways]
            ),
        )
        aws.autoscaling.LifecycleHook(
            f"{self.name}-{HOOK}",
            name=HOOK,
            autoscaling_group_name=group.name,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeat_timeout=DRAIN_SECONDS,
            default_result="CONTINUE",
            opts=self.mine,
        )
        self._scaling(group.name)
        return FleetLinks(
            group=group.name,
            tag=TAG,
            release=ReleaseLinks(
                bucket=releases.bucket.bucket, key=current.key, version=current.version_id
            ),
        )

    def _settings(self) -> Output[dict[str, str]]:
        """What pods are told, and what Kubernetes tells them; the agent is the instance's own."""
        here = replace(self.told, collector=COLLECTOR if self.settings.agent else "")
        told: Output[dict[str, str]] = Output.all(
            **environment(self.settings, self.data, self.records, here),
            PORT=str(PORT),
            AWS_REGION=self.network.region,
        )
        return told

    def _template(self, releases: Release) -> aws.ec2.LaunchTemplate:
        logs = aws.cloudwatch.LogGroup(
            self.name,
            retention_in_days=self.settings.fleet.log_days,
            kms_key_id=self.network.log_key_arn,
            opts=self.mine,
        )
        profile = instance_profile(
            self.name,
            repository_arn=self.registry.repository_arn,
            group=self.physical,
            region=self.network.region,
            data=self.data,
            release=releases.reading,
            logs_arn=logs.arn,
            agent=self.settings.agent,
            opts=self.mine,
        )
        told: Output[dict[str, str]] = Output.all(
            AWS_REGION=self.network.region,
            RELEASE=releases.url,
            LOG_GROUP=logs.name,
            GROUP=self.physical,
            HOOK=HOOK,
        )
        return aws.ec2.LaunchTemplate(
            self.name,
            image_id=AMI,
            update_default_version=True,
            iam_instance_profile={"arn": profile.arn},
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
            network_interfaces=[
                {
                    "device_index": 0,
                    "associate_public_ip_address": "false",
                    "security_groups": [self.group_id],
                    "delete_on_termination": "true",
                }
            ],
            block_device_mappings=[
                {
                    "device_name": "/dev/xvda",
                    "ebs": {
                        "volume_type": "gp3",
                        "volume_size": 12,
                        "encrypted": "true",
                        "delete_on_termination": "true",
                    },
                }
            ],
            monitoring={"enabled": True},
            user_data=told.apply(lambda conf: user_data(conf, agent=self.settings.agent)),
            opts=self.mine,
        )

    def _scaling(self, group: Output[str]) -> None:
        told = self.settings.fleet
        aws.autoscaling.Policy(
            f"{self.name}-requests",
            autoscaling_group_name=group,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "ALBRequestCountPerTarget",
                    "resource_label": self.balancer.instances.label,
                },
                "target_value": told.requests_per_minute,
            },
            opts=self.mine,
        )
        aws.autoscaling.Policy(
            f"{self.name}-cpu",
            autoscaling_group_name=group,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "ASGAverageCPUUtilization"
                },
                "target_value": CPU_PERCENT,
            },
            opts=self.mine,
        )
        if told.rest is None:
            return
        for part, when, least, most in (
            ("rest", told.rest.starts, told.rest.size, told.rest.size),
            ("work", told.rest.ends, told.min, told.max),
        ):
            aws.autoscaling.Schedule(
                f"{self.name}-{part}",
                scheduled_action_name=part,
                autoscaling_group_name=group,
                recurrence=when,
                time_zone=told.rest.time_zone,
                min_size=least,
                max_size=most,
                desired_capacity=least,
                opts=self.mine,
            )
