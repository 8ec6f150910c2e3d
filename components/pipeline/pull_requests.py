"""Pull requests start builds that show what they would change, wherever the sources are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output

from components import iam
from settings import SourceSettings

from .ground import Ground
from .projects import Projects

EVENTS = ("PULL_REQUEST_CREATED", "PULL_REQUEST_UPDATED")  # the two that every host has


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where sources can be: CodeBuild's word for it, its address, and who may write there."""

    kind: str
    address: str
    trusted: tuple[str, ...]


HOSTS = {
    "GitHub": Host(
        kind="GITHUB",
        address="https://github.com",
        trusted=("GITHUB_WRITE", "GITHUB_MAINTAIN", "GITHUB_ADMIN"),
    ),
    "GitLab": Host(
        kind="GITLAB",
        address="https://gitlab.com",
        trusted=("GITLAB_DEVELOPER", "GITLAB_MAINTAINER", "GITLAB_OWNER"),
    ),
    "Bitbucket": Host(
        kind="BITBUCKET",
        address="https://bitbucket.org",
        trusted=("BITBUCKET_WRITE", "BITBUCKET_ADMIN"),
    ),
}


def pull_requests(
    ground: Ground, source: SourceSettings, connection_arn: Output[str], projects: Projects
) -> None:
    """A project for each stack that is deployed to, with a webhook at the host of the sources.

    What a build runs comes with the pull request. So whoever may not write to the repository waits
    until somebody who may has read the change, and says so in a comment
    (``/codebuild_run(COMMIT)``).
    """
    host = HOSTS[source.provider]
    fetched: aws.codebuild.ProjectSourceArgsDict = {
        "type": host.kind,
        "location": f"{host.address}/{source.repository}.git",
        "auth": {"type": "CODECONNECTIONS", "resource": connection_arn},
        "git_clone_depth": 1,
        "report_build_status": True,
    }
    fetch = iam.allow(
        [
            "codeconnections:GetConnection",
            "codeconnections:GetConnectionToken",
            "codeconnections:UseConnection",
        ],
        on=[connection_arn],
    )
    for step in ground.settings.steps:
        project = projects.preview_pull_request(step.stack, fetched, fetch)
        aws.codebuild.Webhook(
            f"{ground.name}-preview-pull-request-{step.stack}",
            project_name=project.name,
            build_type="BUILD",
            filter_groups=[
                {
                    "filters": [
                        {"type": "EVENT", "pattern": ", ".join(EVENTS)},
                        {"type": "BASE_REF", "pattern": f"^refs/heads/{re.escape(source.branch)}$"},
                    ]
                }
            ],
            pull_request_build_policy={
                "requires_comment_approval": "ALL_PULL_REQUESTS",  # of all others
                "approver_roles": list(host.trusted),
            },
            opts=ground.mine,
        )
