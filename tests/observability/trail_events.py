"""Events of a trail, as CloudTrail writes them, and neighbours that must not be found.

Shapes: CloudTrail user guide, "Record contents" and "AWS Management Console sign-in events".
"""

from __future__ import annotations

from typing import Any

ROLE = {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/deploy/ci"}
USER = {"type": "IAMUser", "userName": "ada", "accountId": "123456789012"}


def event(source: str, name: str, **more: Any) -> dict[str, Any]:
    """A call of an API, by a role where nothing else is said."""
    return {
        "eventVersion": "1.11",
        "userIdentity": ROLE,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "awsRegion": "us-east-1",
        **more,
    }


def sign_in(mfa: str, *, ok: bool = True, who: dict[str, Any] = USER) -> dict[str, Any]:
    """Somebody at the console's door."""
    failed = {} if ok else {"errorMessage": "Failed authentication"}
    return event(
        "signin",
        "ConsoleLogin",
        userIdentity=who,
        eventType="AwsConsoleSignIn",
        additionalEventData={"MFAUsed": mfa},
        responseElements={"ConsoleLogin": "Success" if ok else "Failure"},
        **failed,
    )


ROOT: dict[str, Any] = {"type": "Root", "arn": "arn:aws:iam::123456789012:root"}
# Part -> what is found, and what is not.
SAMPLES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "unauthorized-calls": (
        [
            event("ec2", "RunInstances", errorCode="Client.UnauthorizedOperation"),
            event("s3", "GetObject", errorCode="AccessDenied"),
            event("kms", "Decrypt", errorCode="AccessDeniedException"),
        ],
        [event("ec2", "RunInstances"), event("s3", "GetObject", errorCode="NoSuchKey")],
    ),
    "sign-in-without-mfa": (
        [sign_in("No")],
        [sign_in("Yes"), sign_in("No", ok=False), sign_in("No", who=ROLE)],
    ),
    "root-used": (
        [event("iam", "CreateUser", userIdentity=ROOT), sign_in("Yes", who=ROOT)],
        [
            event("iam", "CreateUser"),
            event("kms", "RotateKey", userIdentity=ROOT, eventType="AwsServiceEvent"),
            event("s3", "PutObject", userIdentity={**ROOT, "invokedBy": "s3.amazonaws.com"}),
        ],
    ),
    "iam-changed": (
        [event("iam", "AttachRolePolicy"), event("iam", "PutUserPolicy")],
        [event("iam", "GetRolePolicy"), event("organizations", "CreatePolicy")],
    ),
    "trail-changed": (
        [event("cloudtrail", "StopLogging"), event("cloudtrail", "PutEventSelectors")],
        [event("cloudtrail", "DescribeTrails"), event("cloudtrail", "LookupEvents")],
    ),
    "sign-in-failed": ([sign_in("No", ok=False)], [sign_in("No")]),
    "key-disabled": (
        [event("kms", "DisableKey"), event("kms", "ScheduleKeyDeletion")],
        [event("kms", "EnableKey"), event("kms", "CancelKeyDeletion")],
    ),
    "bucket-policy-changed": (
        [event("s3", "PutBucketPolicy"), event("s3", "DeleteBucketLifecycle")],
        [event("s3", "GetBucketPolicy"), event("s3", "PutObject")],
    ),
    "config-changed": (
        [event("config", "StopConfigurationRecorder")],
        [event("config", "StartConfigurationRecorder"), event("config", "GetDiscoveredResources")],
    ),
    "security-groups-changed": (
        [event("ec2", "AuthorizeSecurityGroupIngress"), event("ec2", "DeleteSecurityGroup")],
        [event("ec2", "DescribeSecurityGroups"), event("ec2", "CreateNetworkAcl")],
    ),
    "network-acls-changed": (
        [event("ec2", "ReplaceNetworkAclEntry")],
        [event("ec2", "DescribeNetworkAcls"), event("ec2", "CreateSecurityGroup")],
    ),
    "gateways-changed": (
        [event("ec2", "AttachInternetGateway")],
        [event("ec2", "DescribeInternetGateways"), event("ec2", "CreateRoute")],
    ),
    "routes-changed": (
        [event("ec2", "ReplaceRoute"), event("ec2", "DeleteRouteTable")],
        [event("ec2", "DescribeRouteTables"), event("apigateway", "CreateRoute")],
    ),
    "vpc-changed": (
        [event("ec2", "ModifyVpcAttribute"), event("ec2", "AcceptVpcPeeringConnection")],
        [event("ec2", "DescribeVpcs"), event("ec2", "CreateVpcEndpoint")],
    ),
    "organization-changed": (
        [event("organizations", "LeaveOrganization"), event("organizations", "AttachPolicy")],
        [event("organizations", "DescribeOrganization"), event("iam", "AttachRolePolicy")],
    ),
}
