"""What a rule is, and what it looks at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .want import Want

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


class Unknown:
    """A value that only the update will tell; what depends on it is not judged before."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One declared resource; ``inputs`` have the provider's camelCase keys.

    ``refers`` maps an input's key to the URNs of the resources whose outputs are in it, ``secrets``
    are the paths of inputs that Pulumi keeps secret.
    """

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    parent: str = ""
    protect: bool = False
    secrets: frozenset[str] = frozenset()
    refers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_secret(self, path: str) -> bool:
        """Whether what is at a path, such as ``registries[].password``, is kept secret."""
        return any(f"{path}.".startswith((f"{secret}.", f"{secret}[")) for secret in self.secrets)

    def get(self, path: str) -> list[Any]:
        """The values at a path such as ``origins[].vpcOriginConfig``; a missing one is None."""
        return list(_dig(self.inputs, path.split(".")))

    def one(self, path: str) -> Any:
        """The value at a path without ``[]``; None when it is missing."""
        return self.get(path)[0]


def _dig(value: Any, keys: Sequence[str]) -> Iterator[Any]:
    if not keys or value is UNKNOWN:
        yield value
        return
    key = keys[0].removesuffix("[]")
    inner = value.get(key) if isinstance(value, Mapping) else None
    if keys[0].endswith("[]") and inner is not UNKNOWN:
        for item in inner or []:
            yield from _dig(item, keys[1:])
    else:
        yield from _dig(inner, keys[1:])


class Estate:
    """All resources of a stack."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self.subjects = tuple(subjects)
        self._types: dict[str, list[Subject]] = {}
        for subject in self.subjects:
            self._types.setdefault(subject.type, []).append(subject)
        self.urns = {subject.urn: subject for subject in self.subjects}

    def of_type(self, *types: str) -> list[Subject]:
        """All resources of these types."""
        return [subject for type_ in types for subject in self._types.get(type_, [])]

    def referring(self, to: Subject, type_: str, key: str) -> list[Subject]:
        """Resources of a type whose input ``key`` takes something from ``to``."""
        return [s for s in self.of_type(type_) if to.urn in s.refers.get(key, ())]

    def referred(self, by: Subject, key: str) -> list[Subject]:
        """The resources that an input is made of."""
        return [self.urns[urn] for urn in by.refers.get(key, ()) if urn in self.urns]


# What is wrong with a resource among the others, or None.
Check = Callable[[Subject, Estate], "str | None"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: ``check`` says what is wrong with a resource, or None.

    ``reason`` is why it matters, ``source`` where it comes from, ``remedy`` what to do. ``path`` is
    the property that a rule about one property looks at.
    """

    id: str
    severity: Severity
    types: tuple[str, ...]
    reason: str
    source: str
    remedy: str
    check: Check
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that a resource breaks."""

    rule: Rule
    subject: Subject
    message: str


def _judge(rule: Rule, subject: Subject, estate: Estate) -> str | None:
    try:
        return rule.check(subject, estate)
    except (AttributeError, TypeError, ValueError, IndexError, KeyError):
        if not _has_unknown(subject.inputs):
            raise
        return None  # it stumbled over what only the update will tell


def _has_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_unknown, value.values()))
    return value is UNKNOWN or (isinstance(value, list) and any(map(_has_unknown, value)))


class Rules:
    """Collects rules, and runs them."""

    def __init__(self, *sets: Rules) -> None:
        self.all: dict[str, Rule] = {}
        for rules in sets:
            for rule in rules.all.values():
                self._add(rule)

    def _add(self, rule: Rule) -> None:
        if rule.id in self.all:
            raise ValueError(f"two rules are called {rule.id}")
        self.all[rule.id] = rule

    def must(
        self,
        id_: str,
        severity: Severity,
        types: str | tuple[str, ...],
        path: str,
        want: Want,
        reason: str,
        source: str,
    ) -> None:
        """A rule about one property (with ``[]`` in its path: of every item)."""

        def check(subject: Subject, _: Estate) -> str | None:
            for value in subject.get(path):
                if value is not UNKNOWN and not want.holds(value):
                    return f"{path} is {_short(value)}"
            return None

        kinds = (types,) if isinstance(types, str) else types
        remedy = f"{path}: {want.wanted}"
        self._add(
            Rule(
                id=id_,
                severity=severity,
                types=kinds,
                reason=reason,
                source=source,
                remedy=remedy,
                check=check,
                path=path,
            )
        )

    def companion(
        self,
        id_: str,
        severity: Severity,
        type_: str,
        other: str,
        key: str,
        reason: str,
        source: str,
    ) -> None:
        """A rule that a resource has another one beside it, which refers to it by ``key``."""
        kind = other.rpartition(":")[2]

        def check(subject: Subject, estate: Estate) -> str | None:
            return None if estate.referring(subject, other, key) else f"there is no {kind} for it"

        self._add(
            Rule(
                id=id_,
                severity=severity,
                types=(type_,),
                reason=reason,
                source=source,
                remedy=f"declare a {kind} whose {key} is this",
                check=check,
            )
        )

    def rule(
        self, id_: str, severity: Severity, *types: str, reason: str, source: str, remedy: str
    ) -> Callable[
        [Callable[[Subject, Estate], str | None]], Callable[[Subject, Estate], str | None]
    ]:
        """Decorates a function that is a rule by itself."""

        def register(check: Check) -> Check:
            self._add(
                Rule(
                    id=id_,
                    severity=severity,
                    types=types,
                    reason=reason,
                    source=source,
                    remedy=remedy,
                    check=check,
                )
            )
            return check

        return register

    def findings(self, estate: Estate) -> list[Finding]:
        """Everything that is wrong, the worst first."""
        found = [
            Finding(rule=rule, subject=subject, message=message)
            for rule in self.all.values()
            for subject in (estate.of_type(*rule.types) if rule.types else estate.subjects)
            if (message := _judge(rule, subject, estate)) is not None
        ]
        return sorted(
            found, key=lambda f: (SEVERITIES.index(f.rule.severity), f.rule.id, f.subject.urn)
        )


def statements(document: Any) -> list[Mapping[str, Any]]:
    """The statements of a policy document; none for a document that is not known yet."""
    if document is UNKNOWN or not document:
        return []
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed["Statement"]
    return [found] if isinstance(found, Mapping) else list(found)


def listed(value: Any) -> list[Any]:
    """IAM's "one or a list" as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _short(value: Any) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 80 else f"{text[:77]}..."
