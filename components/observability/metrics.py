"""Metrics as data: what alarms, objectives and dashboards are written in.

A namespace or a dimension's value that begins with "@" stands for what a tier hands on under that
name: none, one or several. A metric with several is several metrics; with none it is not there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pulumi_aws as aws
from pulumi import Input

# Of the storefront and functions, which write the embedded metric format, and of filters on the
# trail. It is named as project and stack are: stacks in one account stay apart.
OURS = "@ours"
Statistic = Literal["Sum", "Average", "Maximum", "Minimum", "p50", "p90", "p99"]
Names = Mapping[str, Sequence[Input[str]]]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of CloudWatch, or one a thing when a dimension stands for several."""

    namespace: Input[str]
    name: str
    dimensions: Mapping[str, Input[str]] = field(default_factory=dict)
    statistic: Statistic = "Sum"

    def of(self, names: Names) -> list[Metric]:
        """The same with real names; raises KeyError for a name that no tier hands on."""
        (namespace,) = _named(self.namespace, names)
        values = [_named(value, names) for value in self.dimensions.values()]
        return [
            replace(
                self,
                namespace=namespace,
                dimensions=dict(zip(self.dimensions, chosen, strict=True)),
            )
            for chosen in itertools.product(*values)
        ]

    def query(self, id_: str, seconds: int) -> aws.cloudwatch.MetricAlarmMetricQueryArgsDict:
        """The metric as a part of an alarm's expression."""
        return {
            "id": id_,
            "return_data": False,
            "metric": {
                "namespace": self.namespace,
                "metric_name": self.name,
                "dimensions": dict(self.dimensions),
                "period": seconds,
                "stat": self.statistic,
            },
        }


def _named(value: Input[str], names: Names) -> Sequence[Input[str]]:
    return names[value[1:]] if isinstance(value, str) and value.startswith("@") else [value]


def resolved(metrics: Sequence[Metric], names: Names) -> list[Metric]:
    """All of the metrics with real names."""
    return [found for metric in metrics for found in metric.of(names)]
