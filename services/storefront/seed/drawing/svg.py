"""A small SVG writer: elements, gradients, patterns and clips with ids that cannot clash."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from seed.dice import Dice

SIZE = 600
SHORT = {"sw": "stroke-width", "op": "opacity", "cap": "stroke-linecap", "join": "stroke-linejoin"}

Stop = tuple[float, str] | tuple[float, str, float]
PATH = re.compile(r'<path d="([^"]{60,})"')
Point = tuple[float, float]


@dataclass(frozen=True)
class Look:
    """How one product looks: colours are ``#rrggbb``; ``shape`` picks a form; ``size`` is ~1."""

    main: str
    accent: str
    material: str
    pattern: str
    shape: int
    size: float
    dice: Dice


def num(value: float) -> str:
    """A coordinate with one decimal at most."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def pt(x: float, y: float) -> str:
    """A point as path data wants it."""
    return f"{num(x)} {num(y)}"


def poly(points: Sequence[Point]) -> str:
    """A closed polygon as path data."""
    return "M" + "L".join(pt(*point) for point in points) + "Z"


def line(points: Sequence[Point]) -> str:
    """An open polyline as path data."""
    return "M" + "L".join(pt(*point) for point in points)


def curve(points: Sequence[Point], *, start: str = "M") -> str:
    """A smooth line through all points (Catmull-Rom); a doubled point makes a corner."""
    data = [f"{start}{pt(*points[0])}"]
    last = len(points) - 1
    for i in range(last):
        before, a, b, after = (
            points[max(i - 1, 0)],
            points[i],
            points[i + 1],
            points[min(i + 2, last)],
        )
        if a == b:
            continue
        reach = math.dist(a, b) * 0.4
        out, into = _bent(before, b, reach), _bent(a, after, reach)
        c1, c2 = (a[0] + out[0], a[1] + out[1]), (b[0] - into[0], b[1] - into[1])
        data.append(f"C{pt(*c1)} {pt(*c2)} {pt(*b)}")
    return "".join(data)


def closed(points: Sequence[Point]) -> str:
    """A smooth loop through all points."""
    count = len(points)
    data = [f"M{pt(*points[0])}"]
    for i in range(count):
        before, a, b, after = (points[(i + step) % count] for step in (-1, 0, 1, 2))
        reach = math.dist(a, b) * 0.4
        out, into = _bent(before, b, reach), _bent(a, after, reach)
        c1, c2 = (a[0] + out[0], a[1] + out[1]), (b[0] - into[0], b[1] - into[1])
        data.append(f"C{pt(*c1)} {pt(*c2)} {pt(*b)}")
    return "".join(data) + "Z"


def _bent(before: Point, after: Point, reach: float) -> Point:
    """The way a curve leaves a point, no longer than ``reach`` so that it never overshoots."""
    dx, dy = (after[0] - before[0]) / 6, (after[1] - before[1]) / 6
    scale = min(1.0, reach / (math.hypot(dx, dy) or 1))
    return dx * scale, dy * scale


def box(x: float, y: float, w: float, h: float, r: float = 0) -> str:
    """A rectangle with corners of radius ``r`` as path data."""
    if r <= 0:
        return f"M{pt(x, y)}h{num(w)}v{num(h)}h{num(-w)}z"
    r = min(r, w / 2, h / 2)
    turn = f"a{num(r)} {num(r)} 0 0 1 "
    return (
        f"M{pt(x + r, y)}h{num(w - 2 * r)}{turn}{pt(r, r)}v{num(h - 2 * r)}{turn}{pt(-r, r)}"
        f"h{num(2 * r - w)}{turn}{pt(-r, -r)}v{num(2 * r - h)}{turn}{pt(r, -r)}z"
    )


def oval(cx: float, cy: float, rx: float, ry: float) -> str:
    """An ellipse as path data."""
    arc = f"a{num(rx)} {num(ry)} 0 1 1 "
    return f"M{pt(cx - rx, cy)}{arc}{num(2 * rx)} 0{arc}{num(-2 * rx)} 0z"


class Canvas:
    """One picture of 600 by 600 units in the making."""

    def __init__(self, key: str, dice: Dice) -> None:
        self.dice = dice
        self._key = key
        self._count = 0
        self._defs: list[str] = []
        self._body: list[str] = []
        self._made: dict[str, str] = {}
        self._scenery = 0

    def scenery_done(self) -> None:
        """What was drawn so far stays as it is; only what follows is framed."""
        self._scenery = len(self._body)

    def _define(self, tag: str, attributes: str, content: str) -> str:
        text = f"{tag} {attributes}>{content}"
        if text not in self._made:
            self._count += 1
            self._made[text] = f"{self._key}-{self._count}"
            self._defs.append(f'<{tag} id="{self._made[text]}" {attributes}>{content}</{tag}>')
        return f"url(#{self._made[text]})"

    def linear(
        self, *stops: Stop, to: Point = (1, 0), start: Point = (0, 0), real: bool = False
    ) -> str:
        """A linear gradient across the shape, or in picture units when ``real``."""
        units = 'gradientUnits="userSpaceOnUse" ' if real else ""
        ends = (("x1", start[0]), ("y1", start[1]), ("x2", to[0]), ("y2", to[1]))
        where = " ".join(f'{name}="{value:g}"' for name, value in ends)
        return self._define("linearGradient", units + where, _stops(stops))

    def radial(self, *stops: Stop, at: Point = (0.5, 0.5), r: float = 0.5) -> str:
        """A radial gradient across the shape."""
        where = f'cx="{at[0]:g}" cy="{at[1]:g}" r="{r:g}"'
        return self._define("radialGradient", where, _stops(stops))

    def pattern(self, w: float, h: float, content: str, *, turn: float = 0) -> str:
        """A tile of ``content``, repeated and turned by ``turn`` degrees."""
        spin = f' patternTransform="rotate({num(turn)})"' if turn else ""
        where = f'width="{num(w)}" height="{num(h)}" patternUnits="userSpaceOnUse"{spin}'
        return self._define("pattern", where, content)

    def blur(self, spread: float) -> str:
        """A soft edge; use once a picture, for cast shadows."""
        where = 'x="-20%" y="-20%" width="140%" height="140%"'
        return self._define("filter", where, f'<feGaussianBlur stdDeviation="{num(spread)}"/>')

    def path(self, d: str, fill: str = "none", **attributes: str | float) -> None:
        """Draw a path."""
        self._body.append(shape(d, fill, **attributes))

    def stroke(
        self, d: str, colour: str, width: float, *, cap: str = "round", **attributes: str | float
    ) -> None:
        """Draw a line along a path."""
        pen: dict[str, str | float] = {"stroke": colour, "sw": width, "cap": cap, "join": "round"}
        self._body.append(shape(d, "none", **pen, **attributes))

    def dots(self, points: Sequence[Point], colour: str, width: float, op: float = 1) -> None:
        """Draw round dots as one path."""
        self.stroke("".join(f"M{pt(*point)}h0" for point in points), colour, width, op=op)

    @contextmanager
    def group(self, **attributes: str | float) -> Iterator[None]:
        """Everything drawn inside shares these attributes."""
        self._body.append(f"<g{_attributes(attributes)}>")
        yield
        self._body.append("</g>")

    @contextmanager
    def clip(self, d: str) -> Iterator[None]:
        """Everything drawn inside is cut to the path."""
        self._count += 1
        name = f"{self._key}-{self._count}"
        self._defs.append(f'<clipPath id="{name}"><path d="{d}"/></clipPath>')
        with self.group(clip_path=f"url(#{name})"):
            yield

    def text(self, zoom: float = 1, lift: float = 0) -> str:
        """The picture as an SVG document, its subject enlarged about the middle of the floor."""
        x, y = 300 * (1 - zoom), 480 * (1 - zoom) - lift
        head, rest = self._body[: self._scenery], self._body[self._scenery :]
        frame = f'<g transform="translate({num(x)} {num(y)}) scale({zoom:g})">'
        inner = "".join(head) + frame + "".join(rest) + "</g>"
        defs, inner = self._shared("".join(self._defs), inner)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
            f"<defs>{defs}</defs>{inner}</svg>\n"
        )

    def _shared(self, defs: str, inner: str) -> tuple[str, str]:
        """Say long outlines that are used more than once only once."""
        counts = Counter(PATH.findall(defs + inner))
        outlines = [d for d, count in counts.items() if count > 1]
        for i, d in enumerate(outlines):
            name = f"{self._key}-s{i}"
            use = f'<use href="#{name}"'
            defs = defs.replace(f'<path d="{d}"', use) + f'<path id="{name}" d="{d}"/>'
            inner = inner.replace(f'<path d="{d}"', use)
        return defs, inner


def shape(d: str, fill: str = "none", /, **attributes: str | float) -> str:
    """A path element as text, for pattern tiles."""
    return f'<path d="{d}" fill="{fill}"{_attributes(attributes)}/>'


def _attributes(attributes: dict[str, str | float]) -> str:
    text = []
    for name, value in attributes.items():
        if name == "op" and value == 1:
            continue
        full = SHORT.get(name, name.replace("_", "-"))
        text.append(f' {full}="{value if isinstance(value, str) else format(value, ".3g")}"')
    return "".join(text)


def _stops(stops: Sequence[Stop]) -> str:
    text = []
    for stop in stops:
        faint = f' stop-opacity="{stop[2]:g}"' if len(stop) == 3 else ""
        text.append(f'<stop offset="{stop[0]:g}" stop-color="{stop[1]}"{faint}/>')
    return "".join(text)
