"""Small pictures (SVG) and numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 120, 26
NOTHING = "\u2013"  # a dash
_PICTURE = Markup(
    '<svg class="line {kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' aria-hidden="true">{drawn}</svg>'
)
_LINE = Markup('<polygon points="{area}"/><polyline points="{path}"/>')


def sparkline(line: Sequence[float | None], kind: str = "") -> Markup:
    """Values from left to right; where there was nothing, there is a gap. ``kind`` is its class."""
    known = [value for value in line if value is not None]
    if not known:
        return Markup("")
    top = max(*known, 1e-9, 0) if len(known) > 1 else max(known[0], 1e-9)
    step = WIDTH / max(len(line) - 1, 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(line):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((place * step, HEIGHT - 2 - (HEIGHT - 5) * max(value, 0) / top))
    drawn = Markup("").join(_piece(piece) for piece in pieces if piece)
    return _PICTURE.format(kind=kind, width=WIDTH, height=HEIGHT, drawn=drawn)


def _piece(points: Sequence[tuple[float, float]]) -> Markup:
    if len(points) == 1:
        points = [points[0], (points[0][0] + 1, points[0][1])]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    first, last = points[0][0], points[-1][0]
    area = f"{first:.1f},{HEIGHT} {path} {last:.1f},{HEIGHT}"
    return _LINE.format(area=area, path=path)


def number(value: float | None, unit: str = "") -> str:
    """Three digits with a unit; a dash for nothing."""
    if value is None:
        return NOTHING
    if value and abs(value) >= 10_000:
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return f"{value / size:.3g} {letter}{unit}"
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    space = "" if unit in ("", "%", "/s") else "\u202f"
    return f"{text}{space}{unit}"


def duration(seconds: float) -> str:
    """Such as ``3 ms``, ``12 s`` or ``4 min``."""
    for limit, size, unit in ((1, 1e-3, "ms"), (90, 1, "s"), (5400, 60, "min"), (1e12, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.3g}\u202f{unit}"
    return NOTHING
