"""The rules as a Pulumi policy pack: ``pulumi preview --policy-pack policy``.

One policy over the whole stack, because most rules look at more than one resource. What only the
update will tell is not judged before it; secrets come here unmarked, so that rules about them are
for `policy.check`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

# Pulumi starts this file in its own folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy import exceptions
from policy.model import UNKNOWN, Estate, Subject
from policy.rules import RULES


def known(value: Any) -> Any:
    """A value with UNKNOWN where reading it would raise."""
    if isinstance(value, Mapping):
        return {key: _read(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_read(value, at) for at in range(len(value))]
    return value


def _read(holder: Any, key: Any) -> Any:
    try:
        return known(holder[key])
    except UnknownValueError:
        return UNKNOWN


def subject(resource: PolicyResource) -> Subject:
    """A resource as the rules see it."""
    inputs = known(resource.props)
    return Subject(
        type=resource.resource_type,
        name=resource.name,
        urn=resource.urn,
        inputs=inputs,
        parent=resource.parent.urn if resource.parent else "",
        protect=resource.opts.protect,
        secrets=frozenset(inputs),
        refers={
            key: frozenset(r.urn for r in resources)
            for key, resources in resource.property_dependencies.items()
        },
    )


def validate(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report what no exception covers."""
    subjects = [subject(resource) for resource in args.resources]
    stack = subjects[0].urn.split("::")[0].removeprefix("urn:pulumi:") if subjects else ""
    found, _ = exceptions.sift(RULES.findings(Estate(subjects)), stack, exceptions.read())
    for finding in found:
        rule = finding.rule
        report(
            f"{rule.severity} {rule.id}: {finding.message}. {rule.reason} Remedy: {rule.remedy}",
            finding.subject.urn,
        )


if __name__ == "__main__":
    PolicyPack(
        name="shop",
        policies=[
            StackValidationPolicy(
                name="estate",
                description=f"{len(RULES.all)} rules over every resource of the stack",
                validate=validate,
                enforcement_level=EnforcementLevel.MANDATORY,
            )
        ],
    )
