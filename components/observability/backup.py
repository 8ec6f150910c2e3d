"""AWS Backup: copies beside the services' own, one far away, and proof that they restore."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components import iam, keys
from settings import BackupSettings

from .ground import Ground

DAILY = "cron(0 4 * * ? *)"  # UTC; after the day's last orders, before the services' own
WEEKLY = "cron(0 10 ? * SUN *)"
START_MINUTES, END_MINUTES = 60, 8 * 60
RESTORED_HOURS = 4  # so long a restored copy stays to be looked at
_MANAGED = "arn:aws:iam::aws:policy"
_POLICIES = (
    f"{_MANAGED}/service-role/AWSBackupServiceRolePolicyForBackup",
    f"{_MANAGED}/service-role/AWSBackupServiceRolePolicyForRestores",
    f"{_MANAGED}/AWSBackupServiceRolePolicyForS3Backup",
    f"{_MANAGED}/AWSBackupServiceRolePolicyForS3Restore",
)
# What is proved every week, by the type that AWS Backup calls it.
TESTED = ("RDS", "DynamoDB")


def backups(ground: Ground, settings: BackupSettings, kept: Sequence[Input[str]]) -> Output[str]:
    """A plan that copies what ``kept`` names every day; the vault's name."""
    name = f"{ground.name}-backup"
    vault = aws.backup.Vault(
        name,
        name=ground.physical,
        kms_key_arn=ground.key_arn,
        force_destroy=not ground.protect,
        opts=ground.kept,
    )
    plan = aws.backup.Plan(
        name,
        name=ground.physical,
        rules=[
            {
                "rule_name": "daily",
                "target_vault_name": vault.name,
                "schedule": DAILY,
                "start_window": START_MINUTES,
                "completion_window": END_MINUTES,
                "lifecycle": {"delete_after": settings.days},
                "copy_actions": _copies(ground, settings),
            }
        ],
        opts=ground.mine,
    )
    role = _role(ground, name)
    aws.backup.Selection(
        name,
        name="everything-kept",
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=list(kept),
        opts=ground.mine,
    )
    if settings.restore_tests:
        _tests(ground, name, role, vault)
    return vault.name


def _copies(
    ground: Ground, settings: BackupSettings
) -> list[aws.backup.PlanRuleCopyActionArgsDict]:
    if settings.copy_to is None:
        return []
    name, region = f"{ground.name}-backup-copy", settings.copy_to
    key = keys.customer_key(
        name,
        description="Copies of backups",
        recovery_days=30,
        region=region,
        opts=ground.kept,
    )
    far = aws.backup.Vault(
        name,
        name=f"{ground.physical}-copy",
        kms_key_arn=key.arn,
        force_destroy=not ground.protect,
        region=region,
        opts=ground.kept,
    )
    return [{"destination_vault_arn": far.arn, "lifecycle": {"delete_after": settings.days}}]


def _role(ground: Ground, name: str) -> aws.iam.Role:
    role = aws.iam.Role(
        name,
        description="AWS Backup copies and restores what the shop keeps",
        assume_role_policy=iam.document(iam.trust("backup.amazonaws.com", when=iam.same_account())),
        opts=ground.mine,
    )
    for policy in _POLICIES:
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rpartition('RolePolicyFor')[2].lower()}",
            role=role.name,
            policy_arn=policy,
            opts=ground.mine,
        )
    return role


def _tests(ground: Ground, name: str, role: aws.iam.Role, vault: aws.backup.Vault) -> None:
    """Restore the latest copies, let somebody look, and delete what was restored."""
    plan = aws.backup.RestoreTestingPlan(
        name,
        name=ground.physical.replace("-", "_"),  # letters, digits and _ are all it takes
        schedule_expression=WEEKLY,
        recovery_point_selection={
            "algorithm": "LATEST_WITHIN_WINDOW",
            "include_vaults": [vault.arn],
            "recovery_point_types": ["SNAPSHOT"],
            "selection_window_days": 7,
        },
        opts=ground.mine,
    )
    for kind in TESTED:
        aws.backup.RestoreTestingSelection(
            f"{name}-{kind.lower()}",
            name=kind.lower(),
            restore_testing_plan_name=plan.name,
            protected_resource_type=kind,
            protected_resource_arns=["*"],
            iam_role_arn=role.arn,
            validation_window_hours=RESTORED_HOURS,
            opts=ResourceOptions(parent=ground.mine.parent),
        )
