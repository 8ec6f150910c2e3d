"""Metric math and rules of composite alarms, as far as alarms are written in them here.

Both are read with Python's own grammar, which they fit in, and evaluated node by node: nothing of
them is ever run.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

Values = Mapping[str, float | None]
_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}
_MERGE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda found: sum(found) / len(found),
}
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_WORDS = re.compile(r'"[^"]*"|\b(?:AND|OR|NOT|TRUE|FALSE)\b')
_PYTHON = {"AND": "and", "OR": "or", "NOT": "not", "TRUE": "True", "FALSE": "False"}


def value(text: str, values: Values) -> float | None:
    """An expression's value; None where metrics are missing or it divides by zero.

    ``values`` are those of metrics by id. Raises ValueError for what is not known here.
    """
    try:
        return _number(_parsed(text), values)
    except ZeroDivisionError:  # CloudWatch leaves such a datapoint out
        return None


@lru_cache(512)
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as problem:
        raise ValueError(f"{text!r} is no expression") from problem


def _number(node: ast.expr, values: Values) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case (
            ast.BinOp(left=left, op=op, right=right)
            | ast.Compare(left=left, ops=[op], comparators=[right])
        ) if type(op) in _OPERATORS:
            first, second = _number(left, values), _number(right, values)
            if first is None or second is None:
                return None
            return float(_OPERATORS[type(op)](first, second))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _called(name, arguments, values)
    raise _unknown(node)


def _called(name: str, arguments: Sequence[ast.expr], values: Values) -> float | None:
    match name, arguments:
        case "FILL", [ast.Name() as metric, other]:
            found = _number(metric, values)
            return _number(other, values) if found is None else found
        case "IF", [test, then, otherwise]:
            told = _number(test, values)
            return None if told is None else _number(then if told else otherwise, values)
        case _, [ast.List(elts=parts)] if name in _MERGE:
            each = [found for part in parts if (found := _number(part, values)) is not None]
            return float(_MERGE[name](each)) if each else None
    raise _unknown(*arguments)


def _unknown(*nodes: ast.expr) -> ValueError:
    text = ", ".join(map(ast.unparse, nodes))
    return ValueError(f"{text!r} is not known here, in metric math or in a rule")


@lru_cache(512)
def _rule(text: str) -> ast.expr:
    """``ALARM("a") AND NOT OK("b")`` as an expression; names in quotes are left alone."""
    return _parsed(_WORDS.sub(lambda found: _PYTHON.get(found[0], found[0]), text).strip())


def holds(text: str, states: Mapping[str, str]) -> bool:
    """Whether a rule holds; ``states`` by alarm name. Raises ValueError as `value`."""
    return _truth(_rule(text), states)


def names(text: str) -> tuple[str, ...]:
    """The alarms that a rule asks, in its order."""
    _truth(rule := _rule(text), {})
    calls = [node for node in ast.walk(rule) if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: call.col_offset)  # as they are written
    found = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    return tuple(dict.fromkeys(str(name) for name in found))


def _truth(node: ast.expr, states: Mapping[str, str]) -> bool:
    match node:
        case ast.BoolOp(op=op, values=parts):
            found = [_truth(part, states) for part in parts]
            return all(found) if isinstance(op, ast.And) else any(found)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _truth(inner, states)
        case ast.Constant(value=bool() as known):
            return known
        case ast.Call(func=ast.Name(id=state), args=[ast.Constant(value=str() as name)]) if (
            state in _STATES
        ):
            return states.get(name) == state
    raise _unknown(node)
