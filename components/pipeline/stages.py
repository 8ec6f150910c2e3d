"""CodePipeline: from a push to every stack in turn, one run after the other."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
from pulumi import Output

from components import buckets, iam
from settings import SourceSettings

from .ground import Ground
from .projects import ARM, INTEL, Projects

SOURCES = "sources"  # the artifact
# A change of nothing else is not worth a run.
WATCHED = [
    "Pulumi*.yaml",
    "__main__.py",
    "components/**",
    "delivery/**",
    "requirements*.txt",
    "services/**",
    "settings/**",
]
FAILURES = [
    "codepipeline-pipeline-manual-approval-needed",
    "codepipeline-pipeline-pipeline-execution-canceled",
    "codepipeline-pipeline-pipeline-execution-failed",
]


def pipeline(
    ground: Ground,
    source: SourceSettings,
    connection_arn: Output[str],
    bucket: aws.s3.Bucket,
    projects: Projects,
) -> None:
    """The pipeline itself; its sources come over a connection."""
    made: list[aws.codebuild.Project] = []
    stages: Any = [
        {"name": "Source", "actions": [_fetch(source, connection_arn)]},
        *_tested_and_built(projects, made),
        *_steps(ground, projects, made),
    ]
    role = iam.role(
        ground.name,
        description="The pipeline starts builds and hands sources on",
        trusted=iam.trust("codepipeline.amazonaws.com", when=iam.same_account()),
        allowed=[
            iam.allow(["codeconnections:UseConnection"], on=[connection_arn]),
            iam.allow(
                ["codebuild:BatchGetBuilds", "codebuild:StartBuild"], on=[p.arn for p in made]
            ),
            iam.allow(
                ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                on=[buckets.objects(bucket)],
            ),
            iam.allow(["s3:GetBucketLocation", "s3:GetBucketVersioning"], on=[bucket.arn]),
            iam.allow(["sns:Publish"], on=[ground.topic_arn]),
            ground.use_key(projects.key_arn, "s3"),
            ground.use_key(ground.network.log_key_arn, "sns"),
        ],
        opts=ground.mine,
    )
    line = aws.codepipeline.Pipeline(
        ground.name,
        role_arn=role.arn,
        pipeline_type="V2",
        execution_mode="QUEUED",
        artifact_stores=[
            {
                "location": bucket.bucket,
                "type": "S3",
                "encryption_key": {"id": projects.key_arn, "type": "KMS"},
            }
        ],
        triggers=[
            {
                "provider_type": "CodeStarSourceConnection",
                "git_configuration": {
                    "source_action_name": "Fetch",
                    "pushes": [
                        {
                            "branches": {"includes": [source.branch]},
                            "file_paths": {"includes": WATCHED},
                        }
                    ],
                },
            }
        ],
        stages=stages,
        opts=ground.mine,
    )
    aws.codestarnotifications.NotificationRule(
        ground.name,
        resource=line.arn,
        detail_type="BASIC",  # names of commits stay inside
        event_type_ids=FAILURES,
        targets=[{"address": ground.topic_arn}],
        opts=ground.mine,
    )


def _fetch(source: SourceSettings, connection: Output[str]) -> dict[str, Any]:
    return {
        "name": "Fetch",
        "category": "Source",
        "owner": "AWS",
        "provider": "CodeStarSourceConnection",
        "version": "1",
        "output_artifacts": [SOURCES],
        "configuration": {
            "ConnectionArn": connection,
            "FullRepositoryId": source.repository,
            "BranchName": source.branch,
            # The trigger below says which pushes count.
            "DetectChanges": "false",
        },
    }


def _tested_and_built(
    projects: Projects, made: list[aws.codebuild.Project]
) -> list[dict[str, Any]]:
    test, publish = projects.test(), projects.publish()
    builds = {machine: projects.build(machine) for machine in (INTEL, ARM)}
    made += [test, publish, *builds.values()]
    return [
        {"name": "Test", "actions": [_run("Test", test)]},
        {
            "name": "Build",
            "actions": [
                *(_run(machine.title(), project) for machine, project in builds.items()),
                _run(
                    "Publish",
                    publish,
                    order=2,
                    told={m.upper(): f"#{{{m.title()}.DIGEST}}" for m in builds},
                ),
            ],
        },
    ]


def _steps(
    ground: Ground, projects: Projects, made: list[aws.codebuild.Project]
) -> list[dict[str, Any]]:
    stages = []
    for step in ground.settings.steps:
        title, told = step.stack.title(), {"IMAGE": "#{Publish.IMAGE}"}
        actions = []
        if step.approval:
            preview = projects.preview(step.stack)
            made.append(preview)
            actions = [_run(f"Preview-{title}", preview, told=told), _approve(ground, title)]
        deploy = projects.deploy(step.stack)
        made.append(deploy)
        actions.append(_run(f"Deploy-{title}", deploy, order=len(actions) + 1, told=told))
        stages.append({"name": title, "actions": actions})
    return stages


def _approve(ground: Ground, title: str) -> dict[str, Any]:
    return {
        "name": f"Approve-{title}",
        "category": "Approval",
        "owner": "AWS",
        "provider": "Manual",
        "version": "1",
        "run_order": 2,
        "configuration": {
            "NotificationArn": ground.topic_arn,
            "CustomData": "What would change is in the log of the preview.",
        },
    }


def _run(
    name: str,
    project: aws.codebuild.Project,
    *,
    order: int = 1,
    told: dict[str, str] | None = None,
) -> dict[str, Any]:
    configuration: dict[str, Any] = {"ProjectName": project.name}
    if told:
        variables = [{"name": key, "value": value} for key, value in sorted(told.items())]
        configuration["EnvironmentVariables"] = Output.json_dumps(variables)
    return {
        "name": name,
        "namespace": name,
        "category": "Build",
        "owner": "AWS",
        "provider": "CodeBuild",
        "version": "1",
        "run_order": order,
        "input_artifacts": [SOURCES],
        "configuration": configuration,
    }
