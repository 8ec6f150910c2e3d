"""Round things: a profile turned about an upright axis, shaded, decorated and given a rim."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .colour import SHADE, darker, lighter, luminance, mix
from .svg import Canvas, Point, Stop, curve, num, oval, pt

MATTE = ((0, -0.2), (0.2, 0.16), (0.42, 0.05), (0.7, -0.14), (0.94, -0.4), (1, -0.34))
GLOSS = (
    (0, -0.24),
    (0.13, 0.02),
    (0.25, 0.34),
    (0.36, 0.08),
    (0.68, -0.14),
    (0.93, -0.44),
    (1, -0.3),
)
METAL = (
    (0, -0.42), (0.1, 0.05), (0.22, 0.75), (0.33, 0.12), (0.52, -0.3), (0.7, -0.12), (0.84, 0.35),
    (0.93, -0.2), (1, -0.45),
)  # fmt: skip
FINISHES = {"matte": MATTE, "gloss": GLOSS, "metal": METAL}


def tone(colour: str, step: float) -> str:
    """The colour lit (step > 0) or shaded (step < 0)."""
    return lighter(colour, step) if step >= 0 else darker(colour, -step)


def sheen(c: Canvas, colour: str, finish: str = "matte", *, upright: bool = False) -> str:
    """A gradient across a rounded surface, lit from the left (or from above when ``upright``)."""
    stops: list[Stop] = [(at, tone(colour, step)) for at, step in FINISHES[finish]]
    return c.linear(*stops, to=(0, 1) if upright else (1, 0))


class Lathe:
    """A solid of revolution about ``cx``; ``profile`` is (y, radius) from top to bottom.

    ``tilt`` is the height of a rim's ellipse by its width: how far we look in from above.
    """

    def __init__(
        self, cx: float, profile: Sequence[tuple[float, float]], tilt: float = 0.2
    ) -> None:
        self.cx, self.profile, self.tilt = cx, list(profile), tilt
        self.top, self.mouth = self.profile[0]
        self.bottom, self.foot = self.profile[-1]

    def radius(self, y: float) -> float:
        """Radius at height ``y``."""
        for (y1, r1), (y2, r2) in zip(self.profile, self.profile[1:], strict=False):
            if y1 <= y <= y2 and y2 > y1:
                return r1 + (r2 - r1) * (y - y1) / (y2 - y1)
        return self.foot if y > self.bottom else self.mouth

    def outline(self) -> str:
        """The silhouette as path data."""
        left = [(self.cx - r, y) for y, r in self.profile]
        right = [(self.cx + r, y) for y, r in reversed(self.profile)]
        return (
            curve(left)
            + f"A{num(self.foot)} {num(self.foot * self.tilt)} 0 0 0 {pt(*right[0])}"
            + curve(right, start="L")
            + f"A{num(self.mouth)} {num(self.mouth * self.tilt)} 0 0 0 {pt(*left[0])}Z"
        )

    def band(self, y1: float, y2: float) -> str:
        """The front of a ring between two heights as path data (cut it to the outline)."""
        r1, r2 = self.radius(y1) + 1.5, self.radius(y2) + 1.5
        return (
            f"M{pt(self.cx - r1, y1)}A{num(r1)} {num(r1 * self.tilt)} 0 0 0 {pt(self.cx + r1, y1)}"
            f"L{pt(self.cx + r2, y2)}A{num(r2)} {num(r2 * self.tilt)} 0 0 1 {pt(self.cx - r2, y2)}Z"
        )

    def ring(self, y: float) -> str:
        """The front half of a ring at a height as path data."""
        r = self.radius(y)
        return f"M{pt(self.cx - r, y)}A{num(r)} {num(r * self.tilt)} 0 0 0 {pt(self.cx + r, y)}"

    def meridian(self, share: float) -> list[Point]:
        """A line down the surface; ``share`` from -1 (left edge) to 1 (right edge)."""
        drop = math.sqrt(max(0.0, 1 - share * share)) * self.tilt
        return [(self.cx + r * share, y + r * drop) for y, r in self.profile]


def body(c: Canvas, form: Lathe, colour: str, finish: str = "matte") -> None:
    """Fill the form with shaded colour, darker towards its foot."""
    c.path(form.outline(), sheen(c, colour, finish))


def finish_off(c: Canvas, form: Lathe, finish: str = "matte") -> None:
    """What lies over the decoration: shade at the foot and, on glaze, a bright reflection."""
    c.path(form.outline(), c.linear((0.55, SHADE, 0), (1, SHADE, 0.22), to=(0, 1)))
    if finish == "gloss":
        high, low = form.top + 14, form.bottom - 10
        steps = [high + (low - high) * i / 6 for i in range(7)]
        near = [
            (form.cx - form.radius(y) * 0.7, y + form.radius(y) * form.tilt * 0.7) for y in steps
        ]
        far = [
            (form.cx - form.radius(y) * 0.58, y + form.radius(y) * form.tilt * 0.8) for y in steps
        ]
        glow = c.linear((0, "#fff", 0.6), (0.7, "#fff", 0.16), (1, "#fff", 0), to=(0, 1))
        c.path(curve(near) + curve(far[::-1], start="L") + "Z", glow)


def rim(
    c: Canvas, form: Lathe, colour: str, *, lip: float = 6, inside: str | None = None,
    fill: str | None = None, level: float = 0.3,
) -> None:  # fmt: skip
    """The open mouth: a lit lip, the inner wall and, with ``fill``, what is inside."""
    cx, y, r = form.cx, form.top, form.mouth
    inside = inside or colour
    c.path(
        oval(cx, y, r, r * form.tilt),
        c.linear((0, lighter(colour, 0.45)), (1, darker(colour, 0.08))),
    )
    rx = r - lip
    ry = max(rx * form.tilt - lip * 0.15, 2)
    wall = c.linear(
        (0, darker(inside, 0.5)), (0.45, darker(inside, 0.3)), (1, lighter(inside, 0.12))
    )
    mouth = oval(cx, y + lip * 0.12, rx, ry)
    c.path(mouth, wall)
    if fill:
        with c.clip(mouth):
            drop = ry * level
            surface = c.linear((0, lighter(fill, 0.18)), (1, darker(fill, 0.12)))
            c.path(oval(cx, y + drop * 1.6, rx * 0.97, ry), surface)


def decorate(c: Canvas, form: Lathe, pattern: str, accent: str, *, low: float = 0) -> None:
    """Draw a glaze or paint pattern on the form, cut to its outline."""
    draw = PATTERNS.get(pattern)
    if draw is None:
        return
    with c.clip(form.outline()):
        draw(c, form, accent, low or form.bottom)


def _dip(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    edge = form.top + (low - form.top) * c.dice.between(0.56, 0.68)
    c.path(form.band(edge, form.bottom + form.foot), sheen(c, accent, "matte"))
    c.stroke(form.ring(edge), lighter(accent, 0.4), 2, op=0.6)


def _glaze(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    """A second glaze from the rim down, with a wavering edge."""
    edge = form.top + (low - form.top) * c.dice.between(0.3, 0.42)
    r = form.radius(edge) + 2
    steps = 8
    wave = []
    for i in range(steps + 1):
        x = -1 + 2 * i / steps
        sag = math.sqrt(max(0.0, 1 - x * x)) * r * form.tilt
        wave.append((form.cx + r * x, edge + sag + c.dice.between(-7, 9)))
    d = (
        curve(wave)
        + f"L{pt(form.cx + r + 60, form.top - 60)}L{pt(form.cx - r - 60, form.top - 60)}Z"
    )
    c.path(d, sheen(c, accent, "gloss"))
    c.stroke(curve(wave), darker(accent, 0.35), 2, op=0.45)


def _band(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    tall = low - form.top
    at = form.top + tall * c.dice.between(0.14, 0.3)
    c.path(form.band(at, at + tall * 0.1), sheen(c, accent))
    c.stroke(form.ring(at + tall * 0.16), accent, 2.5, op=0.85)


def _stripes(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    tall = low - form.top
    count = c.dice.whole(4, 6)
    paint = sheen(c, accent)
    for i in range(count):
        at = form.top + tall * (0.12 + 0.78 * i / count)
        c.path(form.band(at, at + tall * 0.38 / count), paint)


def _lines(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    tall = low - form.top
    for i in range(5):
        c.stroke(form.ring(form.top + tall * (0.2 + 0.06 * i)), accent, 2.2, op=0.85)


def _rings(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    """Throwing rings: what a potter's fingers leave."""
    del accent
    tall = low - form.top
    at = form.top + tall * 0.08
    while at < form.bottom:
        c.stroke(form.ring(at), "#fff", 1.6, op=0.2)
        c.stroke(form.ring(at + 3), SHADE, 1.6, op=0.16)
        at += tall * c.dice.between(0.075, 0.12)


def _speckle(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    del low
    ink = darker(accent, 0.35) if luminance(accent) > 0.35 else lighter(accent, 0.55)
    for width, count in ((2.2, 46), (3.8, 16)):
        spots = []
        for _ in range(count):
            y = c.dice.between(form.top, form.bottom + form.foot * form.tilt)
            spots.append((form.cx + form.radius(y) * c.dice.between(-1, 1), y))
        c.dots(spots, ink, width, 0.6)


def _fluted(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    del accent, low
    count = 13
    flutes = [form.meridian(math.sin(math.pi * (i / count - 0.5))) for i in range(1, count)]
    d = "".join(curve(points) for points in flutes)
    c.stroke(d, SHADE, 3, op=0.22)
    c.stroke(d, "#fff", 2, op=0.24, transform="translate(4 0)")


def _sprig(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    """A painted stem with leaves, leaning a little."""
    tall = low - form.top
    base, tip = form.top + tall * 0.88, form.top + tall * 0.24
    for lean, x in ((0.1, -0.34), (-0.04, 0.02), (0.08, 0.4)):
        x0 = form.cx + form.radius(base) * x
        reach = form.mouth * lean
        drop = form.foot * form.tilt * 0.6
        stem = [(x0 + reach * t * t, base + drop + (tip - base) * t) for t in (0, 0.35, 0.7, 1)]
        c.stroke(curve(stem), accent, 2.6)
        leaves = []
        for t in (0.3, 0.5, 0.7, 0.88):
            sx, sy = x0 + reach * t * t, base + drop + (tip - base) * t
            size = tall * 0.12 * (1.2 - t * 0.6)
            for side in (-1, 1):
                ex, ey = sx + side * size, sy - size * 0.8
                leaves.append(
                    f"M{pt(sx, sy)}Q{pt(sx + side * size * 0.1, ey)} {pt(ex, ey)}"
                    f"Q{pt(ex, sy)} {pt(sx, sy)}Z"
                )
        c.path("".join(leaves), mix(accent, "#ffffff", 0.08), op=0.9)


def _dots(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    tall = low - form.top
    for row in range(5):
        y = form.top + tall * (0.16 + 0.17 * row)
        r = form.radius(y)
        spots = []
        for i in range(-4, 5):
            angle = (i + 0.5 * (row % 2)) * 0.36
            if abs(angle) < 1.5:
                spots.append((form.cx + r * math.sin(angle), y + r * form.tilt * math.cos(angle)))
        c.dots(spots, accent, tall * 0.045)


def _brush(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    """One loose turn of a wide brush."""
    tall = low - form.top
    at = form.top + tall * 0.42
    for i, op in enumerate((0.5, 0.75, 0.6, 0.35)):
        c.stroke(form.ring(at + i * tall * 0.035), accent, tall * 0.04, cap="butt", op=op)


def _check(c: Canvas, form: Lathe, accent: str, low: float) -> None:
    tall = low - form.top
    with c.group(op=0.8):
        for i in range(3):
            at = form.top + tall * (0.14 + 0.28 * i)
            c.path(form.band(at, at + tall * 0.11), accent, op=0.6)
        for i in range(-4, 5):
            points = form.meridian(math.sin(i * 0.36))
            c.stroke(
                curve(points), accent, form.mouth * 0.13 * math.cos(i * 0.36), op=0.5, cap="butt"
            )


PATTERNS = {
    "dip": _dip, "glaze": _glaze, "band": _band, "stripes": _stripes, "lines": _lines,
    "rings": _rings, "speckle": _speckle, "fluted": _fluted, "sprig": _sprig, "dots": _dots,
    "brush": _brush, "check": _check,
}  # fmt: skip


def turned(
    c: Canvas, form: Lathe, colour: str, accent: str, pattern: str, finish: str = "matte",
    *, low: float = 0,
) -> None:  # fmt: skip
    """Body, decoration and last light in one go."""
    body(c, form, colour, finish)
    decorate(c, form, pattern, accent, low=low)
    finish_off(c, form, finish)
