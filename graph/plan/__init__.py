"""What a change to the program does: to resources, to the bill and to the time of a first `up`."""

from .cost import Cost, cost
from .critical import Critical, critical_path
from .diff import Change, Detail, compare
from .report import Plan, plan

__all__ = [
    "Change",
    "Cost",
    "Critical",
    "Detail",
    "Plan",
    "compare",
    "cost",
    "critical_path",
    "plan",
]
