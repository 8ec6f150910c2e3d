"""Words that the terminal's plan and the pull request's share."""

from __future__ import annotations

from .critical import Critical, Step
from .diff import Change, Detail
from .report import Plan
from .tables import table

SIGNS = {"added": "+", "removed": "-", "changed": "~", "replaced": "±"}
LONGEST = 44  # of a value; what follows would be cut anyway
MOST_DETAILS = 5


def kind_of(type_: str) -> str:
    """A type as people say it: ``rds Instance``, ``apps/v1 Deployment``."""
    package, _, rest = type_.partition(":")
    module, _, name = rest.rpartition(":")
    module = module.rpartition("/")[0] if package == "aws" else module
    return f"{package if module in ('index', '') else module} {name}"


def counted(it: Plan) -> str:
    """``2 added, 1 replaced``, or that nothing changes."""
    if it.base is not None and it.before is None:
        return "a new stack"
    found = [f"{number} {kind}" for kind, number in it.counts.items() if number]
    return ", ".join(found) or "no changes"


def details(change: Change) -> list[str]:
    """A line an input that changed; what replaces first."""
    ordered = sorted(change.details, key=lambda d: not d.replaces)
    lines = [_detail(d) for d in ordered[:MOST_DETAILS]]
    if len(ordered) > MOST_DETAILS:
        lines.append(f"and {len(ordered) - MOST_DETAILS} more")
    return lines


def _detail(it: Detail) -> str:
    because = "  (replaces)" if it.replaces else ""
    if it.after is None:
        return f"{it.path}  from a resource that is made anew{because}"
    if it.before == it.after == "(secret)":
        return f"{it.path}  (secret) changed{because}"
    before, after = _cut(it.before, it.after)
    return f"{it.path}  {before or '(none)'} → {after or '(none)'}{because}"


def _cut(before: str, after: str) -> tuple[str, str]:
    """Both short; what they begin with alike is left out where it is long."""
    same = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    start = max(0, same - 10) if max(len(before), len(after)) > LONGEST else 0
    return _short(before, start), _short(after, start)


def _short(text: str, start: int) -> str:
    head = "…" if start and text else ""
    rest = text[start:]
    return head + (rest if len(rest) <= LONGEST else f"{rest[: LONGEST - 1]}…")


def remarks(change: Change) -> list[str]:
    """What else there is to know of a change."""
    found = []
    if change.refused:
        found.append(f"would fail: {change.refused}")
    if change.data and not change.kept:
        found.append("holds data")
    if change.kept:
        found.append("kept in AWS, no longer managed")
    if change.deleted_first:
        found.append("deleted before it is made again")
    if change.unknown_type:
        found.append("what replaces this type is not known")
    return found


def minutes(seconds: int) -> str:
    """``17:42``."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def bound(path: Critical) -> str:
    """The lower bound and how near the path is to it."""
    ratio = path.seconds / path.bound if path.bound else 1.0
    return f"{minutes(path.bound)} along inputs alone, {ratio:.2f} times that"


def waits(step: Step) -> str:
    """How a step waits for the one before."""
    return f"after {step.why}" if step.why else "first"


def assumed() -> list[str]:
    """Where the figures come from, how sure they are, and what they leave out."""
    prices = table("prices")
    listed = prices["prices"].values()
    checked = sum(price["checked"] for price in listed)
    return [
        (
            f"AWS list prices in {prices['region']} as of {prices['as_of']}; {checked} of "
            f"{len(listed)} were compared with published ones, the others are remembered."
        ),
        *prices["assumptions"],
    ]
