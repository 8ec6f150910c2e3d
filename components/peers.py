"""Security groups that admit named peers only."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import Input, Resource, ResourceOptions


def closed_group(
    name: str, *, description: str, vpc_id: Input[str], opts: ResourceOptions
) -> aws.ec2.SecurityGroup:
    """A group that lets nothing in and nothing out; whoever needs to come in is admitted.

    Rules are resources of their own, so that a peer's tier adds its rule and takes it away again.
    """
    return aws.ec2.SecurityGroup(name, description=description, vpc_id=vpc_id, opts=opts)


def admit(
    name: str,
    *,
    to: Input[str],
    peer: Input[str],
    port: Input[int],
    why: str,
    opts: ResourceOptions,
) -> aws.vpc.SecurityGroupIngressRule:
    """Let the security group ``peer`` reach one TCP port of the group ``to``."""
    return aws.vpc.SecurityGroupIngressRule(
        name,
        security_group_id=to,
        referenced_security_group_id=peer,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=why,
        opts=opts,
    )


def admit_prefix_list(
    name: str,
    *,
    to: Input[str],
    prefix_list: Input[str],
    port: Input[int],
    why: str,
    opts: ResourceOptions,
) -> aws.vpc.SecurityGroupIngressRule:
    """Let the addresses of a managed prefix list reach one TCP port of the group ``to``."""
    return aws.vpc.SecurityGroupIngressRule(
        name,
        security_group_id=to,
        prefix_list_id=prefix_list,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=why,
        opts=opts,
    )


def let_out(
    name: str,
    *,
    of: Input[str],
    peer: Input[str],
    port: Input[int],
    why: str,
    opts: ResourceOptions,
) -> aws.vpc.SecurityGroupEgressRule:
    """Let the group ``of`` call one TCP port of the security group ``peer``."""
    return aws.vpc.SecurityGroupEgressRule(
        name,
        security_group_id=of,
        referenced_security_group_id=peer,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=why,
        opts=opts,
    )


def let_out_to_aws(name: str, *, of: Input[str], opts: ResourceOptions) -> Resource:
    """Let the group ``of`` call AWS services, whose addresses nobody can list, over TLS."""
    return aws.vpc.SecurityGroupEgressRule(
        name,
        security_group_id=of,
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description="AWS services, over TLS",
        opts=opts,
    )
