"""Four dashboards: what visitors get, what serves them, what is kept, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Output

from components.names import GLOBAL

from .alarms import Alarm
from .behind import DATA, RECOMMENDATIONS
from .front import EDGE, WEB
from .ground import Ground
from .metrics import OURS, Metric, Names, Statistic, resolved
from .slos import JOURNEYS, WINDOW_DAYS, Journey

WIDTH, ROW = 8, 6  # three widgets a row, of 24 columns
MINUTES = 5
PARTS = ("shop", "services", "data", "cost")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Lines over time; ``line`` is where an alarm would ring."""

    title: str
    metrics: tuple[Metric, ...]
    line: float | None = None
    far: bool = False
    seconds: int = MINUTES * 60


def _functions(name: str, statistic: Statistic = "Sum", **more: str) -> Metric:
    told = {"FunctionName": "@functions", **more}
    return Metric(namespace=OURS, name=name, dimensions=told, statistic=statistic)


# What functions count, by what it is about.
SHELVES = (
    Picture(
        title="Shelves, by who filled them",
        metrics=tuple(
            _functions("Shelf", FunctionName="@recommend", Source=source)
            for source in ("personalize", "co-purchase", "popular", "recent")
        ),
    ),
    Picture(
        title="Personalize was not asked or did not answer",
        metrics=tuple(
            _functions("Fallback", FunctionName="@recommend", Reason=reason)
            for reason in ("breaker", "few", "empty")
        ),
    ),
    Picture(
        title="Personalize's time to answer (ms)",
        metrics=tuple(
            _functions("PersonalizeLatency", statistic, FunctionName="@recommend")
            for statistic in ("p50", "p99")
        ),
    ),
    Picture(
        title="Events taken, and handed on",
        metrics=tuple(_functions(name, FunctionName="@events") for name in ("Accepted", "Tracked")),
    ),
    Picture(
        title="Interactions exported",
        metrics=(_functions("ExportedInteractions", FunctionName="@export"),),
        seconds=24 * 3600,
    ),
)
SPENT = Picture(
    title="Spent this month, as AWS estimates it (USD)",
    metrics=(
        Metric(
            namespace="AWS/Billing",
            name="EstimatedCharges",
            dimensions={"Currency": "USD"},
            statistic="Maximum",
        ),
    ),
    far=True,
    seconds=6 * 3600,
)
USED = (
    ("Requests to the edge", Metric(
        namespace="AWS/CloudFront", name="Requests",
        dimensions={"DistributionId": "@distribution", "Region": "Global"},
    ), True),
    ("Functions run", Metric(
        namespace="AWS/Lambda", name="Invocations", dimensions={"FunctionName": "@functions"},
    ), False),
    ("Units read and written in tables", Metric(
        namespace="AWS/DynamoDB", name="ConsumedReadCapacityUnits",
        dimensions={"TableName": "@tables"},
    ), False),
    ("Bytes through the load balancer", Metric(
        namespace="AWS/ApplicationELB", name="ProcessedBytes",
        dimensions={"LoadBalancer": "@balancer"},
    ), False),
)  # fmt: skip


def dashboards(ground: Ground, names: Names) -> None:
    """All four; each says above what to look for."""
    # Texts are put together once all names are known: thousands of outputs in one text take long.
    known = Output.all(**{key: Output.all(*values) for key, values in names.items()})
    bodies = known.apply(lambda plain: _bodies(ground, plain))
    for part in PARTS:
        aws.cloudwatch.Dashboard(
            f"{ground.name}-{part}",
            dashboard_name=f"{ground.physical}-{part}",
            dashboard_body=bodies[part],
            opts=ground.mine,
        )


def _bodies(ground: Ground, names: Names) -> dict[str, str]:
    used = [Picture(title=t, metrics=(m,), far=f, seconds=3600) for t, m, f in USED]
    pictures = {
        "services": [*map(_of, (*EDGE, *WEB, *RECOMMENDATIONS)), *SHELVES],
        "data": [*map(_of, DATA)],
        "cost": [SPENT, *used],
    }
    above = {
        "shop": f"## Promises over {WINDOW_DAYS} days\n{_promises(ground)}",
        "services": "## What serves visitors\nLines are where an alarm rings.",
        "data": "## What is kept\nLines are where an alarm rings.",
        "cost": f"## What it costs\nThe month's budget is {ground.settings.budget} USD.",
    }
    pages = {part: _pictures(ground, found, names) for part, found in pictures.items()}
    pages["shop"] = [widget for j in JOURNEYS for widget in _journey(ground, j, names)]
    return {
        part: json.dumps({"widgets": _placed([_text(above[part]), *pages[part]])}) for part in PARTS
    }


def _promises(ground: Ground) -> str:
    lines = [
        f"- **{j.name}** {j.objective} %: {j.promise} [runbook]({ground.link(f'burning-{j.name}')})"
        for j in JOURNEYS
    ]
    return "\n".join(lines)


def _of(row: Alarm) -> Picture:
    return Picture(
        title=row.says, metrics=row.metrics, line=row.limit, far=row.far, seconds=row.seconds
    )


def _pictures(ground: Ground, pictures: Sequence[Picture], names: Names) -> list[Any]:
    return [
        _lines(ground, picture, found)
        for picture in pictures
        if (found := resolved(picture.metrics, names))
    ]


def _lines(ground: Ground, picture: Picture, metrics: Sequence[Metric]) -> Any:
    shown: dict[str, Any] = {
        "title": picture.title,
        "view": "timeSeries",
        "region": GLOBAL if picture.far else ground.region,
        "period": picture.seconds,
        "metrics": [_line(metric) for metric in metrics],
    }
    if picture.line is not None:
        shown["annotations"] = {"horizontal": [{"label": "alarm", "value": picture.line}]}
    return {"type": "metric", "width": WIDTH, "height": ROW, "properties": shown}


def _line(metric: Metric, **more: Any) -> list[Any]:
    pairs = [text for pair in metric.dimensions.items() for text in pair]
    return [metric.namespace, metric.name, *pairs, {"stat": metric.statistic, **more}]


def _journey(ground: Ground, journey: Journey, names: Names) -> list[Any]:
    """What came, what went wrong, and how much of the budget is left."""
    total, bad = resolved(journey.total, names), resolved(journey.bad, names)
    sums = {
        sign: " + ".join(f"FILL({sign}{place}, 0)" for place in range(len(metrics)))
        for sign, metrics in (("t", total), ("b", bad))
    }
    hidden = [
        _line(metric, id=f"{sign}{place}", visible=False)
        for sign, metrics in (("t", total), ("b", bad))
        for place, metric in enumerate(metrics)
    ]
    left = f"100 * (1 - (({sums['b']}) / ({sums['t']})) / {journey.budget})"
    good = f"100 * (1 - ({sums['b']}) / ({sums['t']}))"
    common = {"region": ground.region, "view": "timeSeries"}
    return [
        _lines(ground, Picture(title=f"{journey.name}: how many", metrics=journey.total), total),
        _widget(
            {
                **common,
                "title": f"{journey.name}: good ones (%)",
                "period": MINUTES * 60,
                "metrics": [[{"expression": good, "label": "good", "id": "good"}], *hidden],
                "annotations": {"horizontal": [{"label": "objective", "value": journey.objective}]},
            }
        ),
        _widget(
            {
                **common,
                "title": f"{journey.name}: budget left of {WINDOW_DAYS} days (%)",
                "view": "singleValue",
                "period": WINDOW_DAYS * 24 * 3600,
                "metrics": [[{"expression": left, "label": "left", "id": "left"}], *hidden],
            }
        ),
    ]


def _widget(properties: Mapping[str, Any]) -> Any:
    return {"type": "metric", "width": WIDTH, "height": ROW, "properties": properties}


def _text(markdown: str) -> Any:
    return {"type": "text", "width": 24, "height": ROW // 2, "properties": {"markdown": markdown}}


def _placed(widgets: Sequence[Any]) -> list[Any]:
    """Widgets from left to right, three a row, below a line of text."""
    text, *rest = widgets
    return [
        {**text, "x": 0, "y": 0},
        *(
            {**widget, "x": place % 3 * WIDTH, "y": ROW // 2 + place // 3 * ROW}
            for place, widget in enumerate(rest)
        ),
    ]
