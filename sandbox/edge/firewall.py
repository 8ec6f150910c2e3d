"""The declared firewall: what is refused, or counted, before it reaches anybody."""

from __future__ import annotations

import logging
import re
import time
import urllib.parse
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from .plan import Field, Rule, Statement

_log = logging.getLogger("sandbox.edge")
_SLICES = 30  # a window slides in so many steps
_ADDRESSES = 10_000  # as WAF: the busiest; here the latest
Asked = Callable[[str], str]  # a part of the request, such as "method" or "header:host"


class Firewall:
    """Rules in their order, with their counts; ``clock`` gives seconds."""

    def __init__(
        self, rules: Sequence[Rule], *, blocks: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._blocks = blocks
        self._rules = [(rule, _matcher(rule.scope), _Window(rule, clock)) for rule in rules]

    def judge(self, address: str, asked: Asked) -> int:
        """0 for a request that may pass, else the status to refuse it with."""
        for rule, matches, window in self._rules:
            if not matches(asked) or (rule.limit and not window.is_over(address)):
                continue
            if rule.action == "block":
                return rule.status
            if rule.action == "allow":
                return 0
        return 403 if self._blocks else 0


class _Window:
    """Requests of each address in the last ``window`` seconds, counted by slices of it."""

    def __init__(self, rule: Rule, clock: Callable[[], float]) -> None:
        self._rule, self._clock = rule, clock
        self._slice = rule.window / _SLICES
        # Address -> [sum, then slice and count, the oldest first].
        self._seen: OrderedDict[str, list[int]] = OrderedDict()

    def is_over(self, address: str) -> bool:
        """Count one more; whether that is above the limit. Refused requests count, too."""
        now = int(self._clock() / self._slice)
        seen = self._seen.get(address)
        if seen is None:
            seen = self._seen[address] = [0, now, 0]
            if len(self._seen) > _ADDRESSES:
                self._seen.popitem(last=False)
        elif seen[-2] != now:
            while len(seen) > 1 and seen[1] <= now - _SLICES:
                seen[0] -= seen[2]
                del seen[1:3]
            seen += (now, 0)
            self._seen.move_to_end(address)
        seen[0] += 1
        seen[-1] += 1
        over = seen[0] > self._rule.limit
        if over and (seen[0] == self._rule.limit + 1 or seen[-1] == 1):
            self._tell(address, seen[0])
        return over

    def _tell(self, address: str, total: int) -> None:
        """Once when the limit is passed, then once a slice."""
        rule = self._rule
        done = {"block": "blocks", "count": "counts", "allow": "allows"}[rule.action]
        _log.warning(
            "rule %s %s %s: %d requests in %d s", rule.name, done, address, total, rule.window
        )


def _matcher(statement: Statement | None) -> Callable[[Asked], bool]:
    if statement is None:
        return lambda _: True
    if statement.field is not None:
        return _field(statement.field)
    inner = [_matcher(one) for one in statement.inner]
    if statement.kind == "not":
        return lambda asked: not inner[0](asked)
    ends = statement.kind == "or"  # one answer that settles it

    def matches(asked: Asked) -> bool:
        for one in inner:
            if one(asked) is ends:
                return ends
        return not ends

    return matches


def _field(field: Field) -> Callable[[Asked], bool]:
    changes = [TRANSFORMATIONS[name] for name in field.transformations]
    compare: Callable[[str], bool]
    if field.how == "REGEX":
        pattern = re.compile(field.text)
        compare = lambda text: pattern.search(text) is not None  # noqa: E731
    else:
        tests: Mapping[str, Callable[[str], bool]] = {
            "EXACTLY": field.text.__eq__,
            "STARTS_WITH": lambda text: text.startswith(field.text),
            "ENDS_WITH": lambda text: text.endswith(field.text),
            "CONTAINS": lambda text: field.text in text,
        }
        compare = tests[field.how]

    def matches(asked: Asked) -> bool:
        text = asked(field.part)
        for change in changes:
            text = change(text)
        return compare(text)

    return matches


def _normalize(path: str) -> str:
    """Without double slashes, ``.`` and, except at the beginning, ``..``."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and any(known != ".." for known in kept):
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    lead = "/" if path.startswith("/") else ""
    # "/a/" and "/a/." are folders, and stay so.
    tail = "/" if kept and path.rpartition("/")[2] in ("", ".", "..") else ""
    return f"{lead}{'/'.join(kept)}{tail}"


TRANSFORMATIONS: Mapping[str, Callable[[str], str]] = {
    "NONE": lambda text: text,
    "LOWERCASE": str.lower,
    "URL_DECODE": lambda text: urllib.parse.unquote_plus(text, encoding="latin-1"),
    "NORMALIZE_PATH": _normalize,
}
