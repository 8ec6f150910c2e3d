"""What is painted on a plate, seen from above: one function a pattern."""

from __future__ import annotations

import math

from .colour import SHADE, darker, lighter, luminance
from .svg import Canvas, Look, Point, curve, num, oval, pt

RINGS = {
    "band": ((0.93, 14.0),),
    "lines": ((0.94, 3.0), (0.9, 3.0), (0.86, 3.0)),
    "stripes": ((0.95, 8.0), (0.86, 8.0), (0.52, 5.0)),
}


def paint_plate(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    """Paint the look's pattern on a plate of radius ``r``."""
    if look.pattern in RINGS:
        for share, width in RINGS[look.pattern]:
            c.path(oval(cx, cy, r * share, r * share), stroke=look.accent, sw=width, op=0.9)
    elif look.pattern in PAINTS:
        PAINTS[look.pattern](c, look, cx, cy, r)


def _around(cx: float, cy: float, r: float, count: int) -> list[Point]:
    turns = [math.tau * i / count for i in range(count)]
    return [(cx + r * math.cos(turn), cy + r * math.sin(turn)) for turn in turns]


def _speckle(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    ink = look.accent
    dark = darker(ink, 0.3) if luminance(ink) > 0.35 else lighter(ink, 0.5)
    spots = []
    for _ in range(70):
        angle, far = look.dice.between(0, math.tau), r * look.dice.between(0, 1) ** 0.5
        spots.append((cx + far * math.cos(angle), cy + far * math.sin(angle)))
    c.dots(spots[:50], dark, 2.6, 0.5)
    c.dots(spots[50:], dark, 4.4, 0.45)


def _rings(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    _speckle(c, look, cx, cy, r)
    for share in (0.3, 0.4, 0.52, 0.8, 0.9):
        c.path(oval(cx, cy, r * share, r * share), stroke=SHADE, sw=1.5, op=0.16)


def _glaze(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    _speckle(c, look, cx, cy, r)
    pool = c.radial((0.5, look.accent, 0.85), (1, look.accent, 0.0))
    c.path(oval(cx, cy, r * 0.6, r * 0.6), pool)


def _fluted(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    del look
    starts, ends = _around(cx, cy, r * 0.7, 36), _around(cx, cy, r, 36)
    rays = "".join(f"M{pt(*a)}L{pt(*b)}" for a, b in zip(starts, ends, strict=True))
    c.stroke(rays, SHADE, 3, op=0.16)
    c.stroke(rays, "#fff", 2, op=0.35, transform="translate(3 2)")


def _dots(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    c.dots(_around(cx, cy, r * 0.88, 36), look.accent, 9, 0.9)


def _check(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    c.dots(_around(cx, cy, r * 0.88, 36), look.accent, 15, 0.9)


def _sprig(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    """A garland: a stem right round, with a pair of leaves at every step."""
    leaves = []
    for x, y in _around(cx, cy, r * 0.84, 14):
        ux, uy = (x - cx) / r / 0.84, (y - cy) / r / 0.84
        tx, ty, nx, ny = -uy * r * 0.13, ux * r * 0.13, ux * r * 0.06, uy * r * 0.06
        for side in (1, -1):
            bend = pt(x + tx * 0.4 + nx * 1.6 * side, y + ty * 0.4 + ny * 1.6 * side)
            tip = pt(x + tx + nx * side, y + ty + ny * side)
            leaves.append(f"M{pt(x, y)}Q{bend} {tip}Q{pt(x + tx * 0.7, y + ty * 0.7)} {pt(x, y)}Z")
    c.path(oval(cx, cy, r * 0.84, r * 0.84), stroke=look.accent, sw=2, op=0.7)
    c.path("".join(leaves), look.accent, op=0.9)


def _dip(c: Canvas, look: Look, cx: float, cy: float, r: float) -> None:
    lean = look.dice.between(-0.3, 0.3)
    wave = [
        (cx - r * 1.1, cy + r * (0.3 + lean)),
        (cx, cy + r * 0.36),
        (cx + r * 1.1, cy + r * (0.3 - lean)),
    ]
    with c.clip(oval(cx, cy, r, r)):
        c.path(curve(wave) + f"V{num(cy + r * 1.2)}H{num(cx - r * 1.2)}Z", look.accent, op=0.9)


PAINTS = {
    "speckle": _speckle, "rings": _rings, "glaze": _glaze, "fluted": _fluted, "dots": _dots,
    "check": _check, "sprig": _sprig, "brush": _sprig, "dip": _dip,
}  # fmt: skip
