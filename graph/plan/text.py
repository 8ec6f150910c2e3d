"""The plan for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from .critical import Critical
from .report import Plan, State
from .words import SIGNS, assumed, bound, counted, details, kind_of, minutes, remarks, waits

_COLOURS = {"added": 32, "removed": 31, "changed": 33, "replaced": 35}
_BOLD, _RED = 1, 31


def text(plans: list[Plan], *, colour: bool) -> str:
    """All stacks, one after the other, and what the figures assume."""
    paint = _Paint(colour)
    blocks = ["\n".join(_plan(it, paint)) for it in plans]
    notes = "\n".join(["What the figures assume", *(f"  {line}" for line in assumed())])
    return "\n\n".join([*blocks, notes]) + "\n"


class _Paint:
    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, words: str, code: int) -> str:
        return f"\x1b[{code}m{words}\x1b[0m" if self._colour else words


def _plan(it: Plan, paint: _Paint) -> Iterator[str]:
    state = it.after or it.before
    since = f"since {it.base}: {counted(it)}" if it.base else ""
    here = f"{state.resources} resources" if state else ""
    yield f"{paint(it.stack, _BOLD)}  {', '.join(part for part in (here, since) if part)}"
    for warning in it.warnings():
        yield f"  {paint('!', _RED)} {warning}"
    yield from _changes(it, paint)
    if it.after is not None:
        yield from _cost(it, it.after, paint)
        yield from _path(it, it.after.path, paint)
        yield from _findings(it, it.after)


def _changes(it: Plan, paint: _Paint) -> Iterator[str]:
    tier = None
    width = max((len(kind_of(change.type)) for change in it.changes), default=0)
    for change in it.changes:
        if change.tier != tier:
            tier = change.tier
            yield f"\n  {paint(tier or '(top)', _BOLD)}"
        sign = paint(SIGNS[change.kind], _COLOURS[change.kind])
        said = "  ".join(f"[{remark}]" for remark in remarks(change))
        line = f"    {sign} {change.kind:<9}{kind_of(change.type):<{width}}  {change.name}"
        yield f"{line}  {paint(said, _RED)}" if said else line
        for detail in details(change):
            yield f"        {detail}"


def _cost(it: Plan, state: State, paint: _Paint) -> Iterator[str]:
    now = state.cost
    was = it.before.cost if it.before and it.base else None
    yield f"\n  {paint('cost a month at rest', _BOLD)}"
    tiers, before = now.tiers(), was.tiers() if was else {}
    for tier in sorted({*tiers, *before}):
        yield f"    {tier:<14}{_usd(tiers.get(tier, 0.0), before.get(tier) if was else None)}"
    yield f"    {'total':<14}{_usd(now.total, was.total if was else None)} USD"
    if was is None:
        dear = sorted(now.items, key=lambda i: (-i.usd, i.label))[:12]
        for item in dear:
            yield f"      {item.usd:>9.2f}  {item.label}"
        rest = sum(i.usd for i in now.items) - sum(i.usd for i in dear)
        if rest > 0:
            yield f"      {rest:>9.2f}  {len(now.items) - len(dear)} more"
    if now.unpriced:
        yield f"    not priced: {', '.join(now.unpriced)}"


def _usd(now: float, was: float | None) -> str:
    if was is None:
        return f"{now:>10.2f}"
    moved = f"{now - was:>+10.2f}" if abs(now - was) >= 0.005 else f"{'=':>10}"
    return f"{was:>10.2f} → {now:>9.2f} {moved}"


def _path(it: Plan, now: Critical, paint: _Paint) -> Iterator[str]:
    was = it.before.path if it.before and it.base else None
    before = f"{minutes(was.seconds)} → " if was and was.seconds != now.seconds else ""
    yield f"\n  {paint('first up, modelled', _BOLD)}  {before}{minutes(now.seconds)} min"
    yield f"    {minutes(now.parallel)} with 16 at a time; lower bound {bound(now)}"
    if was and was.steps == now.steps:
        return
    for step in now.steps:
        if step.seconds >= 10:
            yield (
                f"    {minutes(step.ends):>6} {'+' + minutes(step.seconds):>6}  "
                f"{kind_of(step.type):<28} {step.name}  {waits(step)}"
            )


def _findings(it: Plan, state: State) -> Iterator[str]:
    known = set(it.before.findings) if it.before and it.base else set()
    new = [finding for finding in state.findings if finding not in known]
    if new:
        yield f"\n  {len(new)} findings"
        yield from (f"    {finding}" for finding in new)
