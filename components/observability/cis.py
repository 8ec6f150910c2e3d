"""What is worth knowing of a trail: CIS AWS Foundations Benchmark, section on monitoring."""

from __future__ import annotations

from dataclasses import dataclass

from .alarms import QUIET, Alarm
from .metrics import OURS, Metric
from .topics import Urgency


@dataclass(frozen=True, kw_only=True)
class Activity:
    """``pattern`` finds it in the trail; so many in five minutes are too many."""

    part: str
    says: str
    pattern: str
    most: int = 0
    urgency: Urgency = "ticket"

    @property
    def metric(self) -> str:
        """The name of the metric that counts it."""
        return "".join(word.title() for word in self.part.split("-"))


def _names(*names: str) -> str:
    return " || ".join(f"($.eventName = {name})" for name in names)


def _of(source: str, *names: str) -> str:
    return f"{{ ($.eventSource = {source}.amazonaws.com) && ({_names(*names)}) }}"


ACTIVITIES = (
    Activity(
        part="unauthorized-calls",
        says="Somebody tries what they may not do, again and again.",
        pattern='{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        most=10,
    ),
    Activity(
        part="sign-in-without-mfa",
        says="Somebody signed in to the console with a password alone.",
        pattern=(
            '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
            '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
        ),
    ),
    Activity(
        part="root-used",
        says="Somebody uses the root user, whom nothing can stop.",
        pattern=(
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && '
            '($.eventType != "AwsServiceEvent") }'
        ),
        urgency="page",
    ),
    Activity(
        part="iam-changed",
        says="A policy of IAM was changed.",
        pattern=_of(
            "iam",
            *("DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy"),
            *("PutRolePolicy", "PutUserPolicy", "CreatePolicy", "DeletePolicy"),
            *("CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy"),
            *("DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy"),
            "DetachGroupPolicy",
        ),
    ),
    Activity(
        part="trail-changed",
        says="The trail was changed or stopped: whoever did it may want to be unseen.",
        pattern=_of(
            "cloudtrail",
            *("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
            "PutEventSelectors",
        ),
        urgency="page",
    ),
    Activity(
        part="sign-in-failed",
        says="Somebody tries passwords of the console.",
        pattern=('{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }'),
        most=2,
    ),
    Activity(
        part="key-disabled",
        says="A key was disabled or is to be deleted: what it encrypts becomes unreadable.",
        pattern=_of("kms", "DisableKey", "ScheduleKeyDeletion"),
        urgency="page",
    ),
    Activity(
        part="bucket-policy-changed",
        says="Who may read or write a bucket was changed.",
        pattern=_of(
            "s3",
            *("PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle"),
            *("PutBucketReplication", "DeleteBucketPolicy", "DeleteBucketCors"),
            *("DeleteBucketLifecycle", "DeleteBucketReplication"),
        ),
    ),
    Activity(
        part="config-changed",
        says="What AWS Config records was changed.",
        pattern=_of(
            "config",
            *("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel"),
            "PutConfigurationRecorder",
        ),
    ),
    Activity(
        part="security-groups-changed",
        says="Who may reach whom was changed, in a security group.",
        pattern=_of(
            "ec2",
            *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
            *("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
            *("CreateSecurityGroup", "DeleteSecurityGroup"),
        ),
    ),
    Activity(
        part="network-acls-changed",
        says="Who may reach whom was changed, in a network ACL.",
        pattern=_of(
            "ec2",
            *("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl"),
            *("DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"),
        ),
    ),
    Activity(
        part="gateways-changed",
        says="A way in or out of the network was changed.",
        pattern=_of(
            "ec2",
            *("CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway"),
            *("CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway"),
        ),
    ),
    Activity(
        part="routes-changed",
        says="Where packets go was changed.",
        pattern=_of(
            "ec2",
            *("CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation"),
            *("DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable"),
        ),
    ),
    Activity(
        part="vpc-changed",
        says="A network was made, changed, deleted or joined to another one.",
        pattern=_of(
            "ec2",
            *("CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection"),
            *("CreateVpcPeeringConnection", "DeleteVpcPeeringConnection"),
            *("RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc"),
            *("DisableVpcClassicLink", "EnableVpcClassicLink"),
        ),
    ),
    Activity(
        part="organization-changed",
        says="The organization that the account is in was changed.",
        pattern=_of(
            "organizations",
            *("AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit"),
            *("CreatePolicy", "DeclineHandshake", "DeleteOrganization", "DeletePolicy"),
            *("DeleteOrganizationalUnit", "DetachPolicy", "DisablePolicyType"),
            *("EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization"),
            *("MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy"),
            "UpdateOrganizationalUnit",
        ),
    ),
)


def alarms() -> tuple[Alarm, ...]:
    """One for each activity."""
    return tuple(
        Alarm(
            part=activity.part,
            says=activity.says,
            metrics=(Metric(namespace=OURS, name=activity.metric),),
            limit=activity.most,
            periods=1,
            silence=QUIET,
            urgency=activity.urgency,
            runbook=activity.part if activity.urgency == "page" else "account-changed",
        )
        for activity in ACTIVITIES
    )
