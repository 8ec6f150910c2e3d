"""What each state machine may do: what its definition does, on what is the shop's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi_aws as aws
from pulumi import Output

from components import iam
from components.functions import FunctionLinks

from .ground import Ground
from .parameters import SHELVES, ParameterLinks
from .personalize import PersonalizeLinks


def permissions(
    ground: Ground,
    *,
    learned: PersonalizeLinks,
    export: FunctionLinks,
    told: ParameterLinks,
    failures: aws.sqs.Queue,
) -> Mapping[str, Sequence[iam.Statement]]:
    """Machine -> statements."""
    report = [
        iam.allow(["sqs:SendMessage"], on=[failures.arn]),
        ground.use_key(ground.data.key_arn, "sqs"),
    ]
    write = ground.write_parameters()
    publish = [iam.allow(["ssm:PutParameter"], on=told.arns), write]
    publish_all = [iam.allow(["ssm:PutParameter"], on=[*told.arns, told.tracking_arn]), write]
    recommenders = _shelves(ground, "recommender")
    return {
        "train": [
            iam.allow(["lambda:InvokeFunction"], on=[export.alias_arn]),
            *_imports(ground, learned),
            iam.allow(["personalize:DescribeEventTracker"], on=[learned.tracker]),
            *_serve(ground),
            *publish_all,
            *report,
        ],
        "pause": [
            _personalize("Recommender", ("Describe", "Stop"), recommenders),
            *publish,
            *report,
        ],
        "resume": [
            _personalize("Recommender", ("Describe", "Start"), recommenders),
            *publish,
            *report,
        ],
        "teardown": [
            *(
                _personalize(kind, ("Delete", "Describe"), _shelves(ground, kind.lower()))
                for kind in ("Recommender", "Campaign", "Solution")
            ),
            *publish_all,
            *report,
        ],
    }


def _imports(ground: Ground, learned: PersonalizeLinks) -> list[iam.Statement]:
    jobs = [ground.arn("personalize", "dataset-import-job/*")]
    return [
        _personalize("DatasetImportJob", ("Create", "Describe"), jobs),
        iam.allow(
            ["iam:PassRole"],
            on=[learned.importer],
            when={"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
        ),
    ]


def _serve(ground: Ground) -> list[iam.Statement]:
    whole = ("Create", "Delete", "Describe", "Update")
    if ground.settings.serving == "recommender":
        return [_personalize("Recommender", whole, _shelves(ground, "recommender"))]
    solutions = _shelves(ground, "solution")
    versions = [arn.apply(lambda text: f"{text}/*") for arn in solutions]
    return [
        _personalize("Solution", ("Create", "Describe"), solutions),
        _personalize("SolutionVersion", ("Create", "Describe"), [*solutions, *versions]),
        _personalize("Campaign", whole, _shelves(ground, "campaign")),
    ]


def _shelves(ground: Ground, kind: str) -> list[Output[str]]:
    return [ground.arn("personalize", f"{kind}/{ground.physical}-{shelf}") for shelf in SHELVES]


def _personalize(kind: str, verbs: Sequence[str], on: Sequence[Output[str]]) -> iam.Statement:
    return iam.allow([f"personalize:{verb}{kind}" for verb in verbs], on=on)
