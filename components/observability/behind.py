"""Alarms on what visitors never meet: data, backups, and what makes recommendations."""

from __future__ import annotations

from .alarms import DEAD, QUIET, Alarm, Silence
from .metrics import OURS, Metric, Statistic

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
GIB = 2**30
MOVING = Silence(treat="missing", why="a database that fails over says nothing for a minute")
EVERY_DAY = Silence(treat="breaching", why="a day without a word had no backup")


def _database(name: str, statistic: Statistic, which: str = "@database") -> Metric:
    told = {"DBInstanceIdentifier": which}
    return Metric(namespace="AWS/RDS", name=name, dimensions=told, statistic=statistic)


def _cache(name: str) -> Metric:
    told = {"CacheClusterId": "@cache"}
    return Metric(namespace="AWS/ElastiCache", name=name, dimensions=told, statistic="Maximum")


def _tables(name: str) -> Metric:
    return Metric(namespace="AWS/DynamoDB", name=name, dimensions={"TableName": "@tables"})


def _queue(name: str, which: str) -> Metric:
    told = {"QueueName": which}
    return Metric(namespace="AWS/SQS", name=name, dimensions=told, statistic="Maximum")


def _storefront(name: str) -> Metric:
    return Metric(namespace=OURS, name=name, statistic="Maximum")


def _functions(name: str, which: str = "@functions") -> Metric:
    return Metric(namespace="AWS/Lambda", name=name, dimensions={"FunctionName": which})


def _machines(name: str) -> Metric:
    told = {"StateMachineArn": "@machines"}
    return Metric(namespace="AWS/States", name=name, dimensions=told)


def _backups(name: str) -> Metric:
    return Metric(namespace="AWS/Backup", name=name, dimensions={"BackupVaultName": "@vault"})


DATA = (
    Alarm(
        part="database-full",
        says="The database has less than 5 GiB left; then it stops writing.",
        metrics=(_database("FreeStorageSpace", "Minimum"),),
        beyond="<",
        limit=5 * GIB,
        combine="MIN",
        silence=MOVING,
        urgency="page",
        runbook="database-full",
    ),
    Alarm(
        part="database-busy",
        says="The database's processors are busy.",
        metrics=(_database("CPUUtilization", "Average"),),
        limit=80,
        combine="MAX",
        silence=QUIET,
        urgency="ticket",
        runbook="database",
    ),
    Alarm(
        part="replica-lags",
        says="The read replica is more than a minute behind.",
        metrics=(_database("ReplicaLag", "Maximum", "@replica"),),
        limit=60,
        silence=DEAD,
        urgency="ticket",
        runbook="database",
    ),
    Alarm(
        part="cache-strained",
        says="A node of the cache has its memory or its one processor nearly full.",
        metrics=(_cache("DatabaseMemoryUsagePercentage"), _cache("EngineCPUUtilization")),
        limit=80,
        combine="MAX",
        silence=QUIET,
        urgency="ticket",
        runbook="cache",
    ),
    Alarm(
        part="cache-down",
        says="The cache does not answer: nobody who has an account can sign in.",
        metrics=(_cache("CurrConnections"),),  # never 0: ElastiCache itself looks at each node
        beyond="<",
        limit=1,
        combine="MAX",
        seconds=MINUTE,
        periods=5,
        silence=DEAD,
        urgency="ticket",
        runbook="cache",
    ),
    Alarm(
        part="tables-throttled",
        says="Carts or sessions are refused by DynamoDB.",
        metrics=(_tables("ReadThrottleEvents"), _tables("WriteThrottleEvents")),
        limit=10,
        periods=2,
        silence=QUIET,
        urgency="ticket",
        runbook="tables",
    ),
    Alarm(
        part="orders-waiting",
        says="An order waits for its mail and its parcel for ten minutes.",
        metrics=(
            _queue("ApproximateAgeOfOldestMessage", "@queue"),
            _storefront("OutboxAge"),  # what no worker has put into the queue
        ),
        limit=600,
        combine="MAX",
        seconds=MINUTE,
        periods=5,
        silence=QUIET,
        urgency="page",
        runbook="orders-waiting",
    ),
    Alarm(
        part="dead-letters",
        says="Something could not be handled, and was put aside, or not even that.",
        metrics=(
            _queue("ApproximateNumberOfMessagesVisible", "@dead-letters"),
            _functions("DeadLetterErrors"),
            _functions("Errors", "@rotation"),  # Secrets Manager begins a step again, not for ever
        ),
        limit=0,
        periods=1,
        silence=QUIET,
        urgency="ticket",
        runbook="dead-letters",
    ),
    Alarm(
        part="stock-feed",
        says="The last import of the catalogue was refused: stock and prices are older than that.",
        metrics=(_storefront("ImportRefused"),),
        limit=0,
        silence=QUIET,
        urgency="ticket",
        runbook="stock-feed",
    ),
    Alarm(
        part="backups-failed",
        says="A backup failed.",
        metrics=(_backups("NumberOfBackupJobsFailed"), _backups("NumberOfCopyJobsFailed")),
        limit=0,
        seconds=HOUR,
        periods=1,
        silence=QUIET,
        urgency="ticket",
        runbook="backups",
    ),
    Alarm(
        part="backups-missing",
        says="There was no backup for a day.",
        metrics=(_backups("NumberOfBackupJobsCompleted"),),
        beyond="<",
        limit=1,
        seconds=DAY,
        periods=1,
        silence=EVERY_DAY,
        urgency="ticket",
        runbook="backups",
    ),
)
RECOMMENDATIONS = (
    Alarm(
        part="functions-fail",
        says="Functions of recommendations fail, or are refused a place to run.",
        metrics=(_functions("Errors"), _functions("Throttles")),
        limit=5,
        silence=QUIET,
        urgency="ticket",
        runbook="functions",
    ),
    Alarm(
        part="api-slow",
        says="One shelf of a hundred takes longer than two seconds.",
        metrics=(
            Metric(
                namespace="AWS/ApiGateway",
                name="Latency",
                statistic="p99",
                dimensions={"ApiId": "@api"},
            ),
        ),
        limit=2000,
        silence=QUIET,
        urgency="ticket",
        runbook="functions",
    ),
    Alarm(
        part="records-late",
        says="What visitors did is not written to its bucket.",
        metrics=(
            Metric(
                namespace="AWS/Firehose",
                name="DeliveryToS3.DataFreshness",
                dimensions={"DeliveryStreamName": "@stream"},
                statistic="Maximum",
            ),
        ),
        limit=900,
        silence=QUIET,
        urgency="ticket",
        runbook="functions",
    ),
    Alarm(
        part="training-failed",
        says="A state machine failed: shelves may grow old.",
        metrics=(_machines("ExecutionsFailed"), _machines("ExecutionsTimedOut")),
        limit=0,
        seconds=HOUR,
        periods=1,
        silence=QUIET,
        urgency="ticket",
        runbook="training",
    ),
)


def connections(most: int) -> Alarm:
    """How many are too many depends on the instance, so a setting says it."""
    return Alarm(
        part="database-connections",
        says="The database has nearly all the connections that it can take.",
        metrics=(_database("DatabaseConnections", "Maximum"),),
        limit=most,
        combine="MAX",
        silence=QUIET,
        urgency="ticket",
        runbook="database",
    )
