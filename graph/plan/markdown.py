"""The plan for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from .report import Plan
from .words import SIGNS, assumed, bound, counted, details, kind_of, minutes, remarks, waits


def markdown(plans: list[Plan]) -> str:
    """A summary table, then a section a stack that changes, folded where it is long."""
    lines = [
        "### Plan",
        "",
        "| stack | changes | USD a month | first up |",
        "| --- | --- | ---: | ---: |",
    ]
    for it in plans:
        cells = [it.stack, counted(it) if it.base else "not compared", _cost(it), _time(it)]
        lines.append(f"| {' | '.join(cells)} |")
    for it in plans:
        lines += ["", *_stack(it)]
    lines += ["", "<details><summary>What the figures assume</summary>", ""]
    lines += [f"- {line}" for line in assumed()]
    return "\n".join([*lines, "", "</details>"]) + "\n"


def _cost(it: Plan) -> str:
    now = it.after.cost.total if it.after else 0.0
    if it.base is None or it.before is None or abs(now - it.before.cost.total) < 0.005:
        return f"{now:.2f}"
    was = it.before.cost.total
    return f"{was:.2f} → {now:.2f} ({now - was:+.2f})"


def _time(it: Plan) -> str:
    now = minutes(it.after.path.seconds) if it.after else "-"
    if it.base is None or it.before is None:
        return now
    was = minutes(it.before.path.seconds)
    return now if was == now else f"{was} → {now}"


def _stack(it: Plan) -> Iterator[str]:
    yield f"#### {it.stack}"
    yield ""
    for warning in it.warnings():
        yield f"> [!WARNING]\n> {_plain(warning)}\n"
    if it.changes:
        yield "| | tier | resource | what |"
        yield "| --- | --- | --- | --- |"
    for change in it.changes:
        said = [f"**{remark}**" for remark in remarks(change)]
        said += [_code(detail) for detail in details(change)]
        what = "<br>".join([change.kind, *said])
        name = f"{kind_of(change.type)} `{change.name}`"
        yield f"| `{SIGNS[change.kind]}` | {change.tier} | {name} | {what} |"
    if it.after is None:
        return
    if it.changes:
        yield ""
    yield from _tiers(it)
    if it.after.cost.unpriced:
        yield f"Not priced: {', '.join(it.after.cost.unpriced)}.\n"
    path = it.after.path
    yield "<details><summary>Critical path of a first `up`</summary>\n"
    yield f"{minutes(path.seconds)} min; lower bound {bound(path)}.\n"
    yield "| ends | takes | resource | waits |"
    yield "| ---: | ---: | --- | --- |"
    for step in path.steps:
        name = f"{kind_of(step.type)} `{step.name}`"
        yield f"| {minutes(step.ends)} | {minutes(step.seconds)} | {name} | {waits(step)} |"
    yield "\n</details>"
    known = set(it.before.findings) if it.before and it.base else set()
    for finding in it.after.findings:
        if finding not in known:
            yield f"\n- {_plain(finding)}"


def _tiers(it: Plan) -> Iterator[str]:
    now = it.after.cost.tiers() if it.after else {}
    was = it.before.cost.tiers() if it.before and it.base else now
    moved = [t for t in sorted({*now, *was}) if abs(now.get(t, 0) - was.get(t, 0)) >= 0.005]
    if moved:
        yield "| USD a month | before | after | |"
        yield "| --- | ---: | ---: | ---: |"
    for tier in moved:
        a, b = was.get(tier, 0.0), now.get(tier, 0.0)
        yield f"| {tier} | {a:.2f} | {b:.2f} | {b - a:+.2f} |"
    if moved:
        yield ""


def _plain(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")


def _code(words: str) -> str:
    return "`` " + words.replace("|", "\\|").replace("``", "` `") + " ``"
