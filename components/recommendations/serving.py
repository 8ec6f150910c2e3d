"""The three functions: what each is told, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input, Output

from components import buckets, iam
from components.functions import Duty, FunctionLinks, Neighbour, function, inside
from components.tables import TableLinks

from .ground import Ground
from .parameters import ParameterLinks
from .queues import dead_letters
from .records import EVENTS, TRAINING, StoreLinks, StreamLinks

EVENTS_SECONDS, RECOMMEND_SECONDS = 10, 5
EXPORT_SECONDS = 900  # the longest that Lambda allows
DAYS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Visitors:
    """How functions know visitors: by the storefront's cookies, and from its own pages.

    ``origin`` is where the shop is seen, "" where that is not known before there is an edge.
    ``edge_key`` is known to nobody but the edge: requests without it went past its firewall.
    """

    origin: str
    cookie_secure: bool
    edge_key: Output[str]

    def environment(self, ground: Ground) -> dict[str, Input[str]]:
        """The edge's key, cookies (a test compares them with the storefront's) and sessions."""
        prefix = "__Host-" if self.cookie_secure else ""
        return {
            "EDGE_KEY": self.edge_key,
            "VISITOR_COOKIE": f"{prefix}visitor",
            "SESSION_COOKIE": f"{prefix}session",
            "SESSIONS_TABLE": ground.data.sessions.name,
            "SERVING": ground.settings.serving,
        }


@dataclass(frozen=True, kw_only=True)
class Functions:
    """The functions of recommendations."""

    events: FunctionLinks
    recommend: FunctionLinks
    export: FunctionLinks


def functions(
    ground: Ground,
    *,
    visitors: Visitors,
    records: StoreLinks,
    stream: StreamLinks,
    seen: TableLinks,
    training: StoreLinks,
    told: ParameterLinks,
) -> Functions:
    """All three, each with what its own work needs."""
    database = ground.data.database
    place = inside(
        ground.home,
        "functions",
        description="Functions of the shop",
        reaches={"database": Neighbour(group_id=database.group_id, port=database.port)},
    )
    return Functions(
        events=function(ground.home, _events(ground, visitors, stream, seen, told)),
        recommend=function(
            ground.home,
            Duty(
                part="recommend",
                gradual=True,
                description="Fills shelves",
                settings=ground.settings.recommend,
                seconds=RECOMMEND_SECONDS,
                environment={
                    **visitors.environment(ground),
                    **database.environment(),
                    "PARAMETER_PREFIX": told.prefix,
                    "PERSONALIZE_MILLISECONDS": str(ground.settings.personalize_milliseconds),
                },
                allowed=[
                    _read_session(ground),
                    _read_password(ground),
                    iam.allow(["ssm:GetParameter"], on=told.arns),
                    *_ask_personalize(ground),
                ],
                services=("dynamodb", "secretsmanager", "ssm"),
                inside=place,
            ),
        ),
        export=function(
            ground.home,
            Duty(
                part="export",
                description="Writes training data",
                settings=ground.settings.export,
                seconds=EXPORT_SECONDS,
                environment={
                    **database.environment(),
                    "RECORDS_BUCKET": records.name,
                    "TRAINING_BUCKET": training.name,
                },
                allowed=[
                    _read_password(ground),
                    *buckets.read_below(records.arn, EVENTS),
                    iam.allow(
                        ["s3:AbortMultipartUpload", "s3:PutObject"],
                        on=[buckets.below(training.arn, TRAINING)],
                    ),
                    ground.use_key(training.key_arn, "s3"),
                ],
                services=("s3", "secretsmanager", "sqs"),
                inside=place,
                dead_letters=dead_letters(ground, "export-dead"),
            ),
        ),
    )


def _events(
    ground: Ground, visitors: Visitors, stream: StreamLinks, seen: TableLinks, told: ParameterLinks
) -> Duty:
    return Duty(
        part="events",
        gradual=True,
        description="Takes what visitors looked at",
        settings=ground.settings.events,
        seconds=EVENTS_SECONDS,
        environment={
            **visitors.environment(ground),
            "RECORD_STREAM": stream.name,
            "SEEN_TABLE": seen.name,
            "PUBLIC_URL": visitors.origin,
            "TRACKING_PARAMETER": told.tracking,
        },
        allowed=[
            _read_session(ground),
            iam.allow(["firehose:PutRecordBatch"], on=[stream.arn]),
            iam.allow(
                ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], on=[seen.arn]
            ),
            iam.allow(["ssm:GetParameter"], on=[told.tracking_arn]),
            *_tell_personalize(ground),
        ],
        services=("dynamodb", "ssm"),
    )


def _tell_personalize(ground: Ground) -> list[iam.Statement]:
    if ground.settings.serving == "off":
        return []
    # A tracking id is all that it takes.
    return [iam.without_resources(["personalize:PutEvents"])]


def _ask_personalize(ground: Ground) -> list[iam.Statement]:
    serving = ground.settings.serving
    if serving == "off":
        return []
    # Settings call them what Personalize does.
    ours = ground.arn("personalize", f"{serving}/{ground.physical}-*")
    return [iam.allow(["personalize:GetRecommendations"], on=[ours])]


def _read_session(ground: Ground) -> iam.Statement:
    return iam.allow(["dynamodb:GetItem"], on=[ground.data.sessions.arn])


def _read_password(ground: Ground) -> iam.Statement:
    return iam.allow(["secretsmanager:GetSecretValue"], on=[ground.data.database.secret_arn])
