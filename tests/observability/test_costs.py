"""Who is told of what a stack costs, and of which stack."""

from __future__ import annotations

import json
from pathlib import Path

from graph import evaluate
from tests.stacks import ROOT

NAME = "prod-eu"  # with a hyphen, as project and stack have one between them


def test_budgets_and_game_days_find_what_carries_the_tag_of_the_stack(tmp_path: Path) -> None:
    for entry in ROOT.iterdir():
        if entry.name.startswith("Pulumi.prod"):
            (tmp_path / f"Pulumi.{NAME}.yaml").write_text(entry.read_text())
        else:
            (tmp_path / entry.name).symlink_to(entry)
    graph = evaluate(NAME, project=tmp_path)
    assert graph.one("aws:ec2/vpc:Vpc").inputs["tags"]["stack"] == NAME
    budget = graph.one("aws:budgets/budget:Budget")
    assert [f["values"] for f in budget.inputs["costFilters"]] == [[f"user:stack${NAME}"]]
    monitor = graph.one("aws:costexplorer/anomalyMonitor:AnomalyMonitor")
    watched = json.loads(monitor.inputs["monitorSpecification"])
    assert watched == {"Tags": {"Key": "stack", "Values": [NAME]}}
    instance = graph.one(
        "aws:fis/experimentTemplate:ExperimentTemplate", "observability-game-instance"
    )
    (target,) = instance.inputs["targets"]
    assert {"key": "stack", "value": NAME} in target["resourceTags"]
