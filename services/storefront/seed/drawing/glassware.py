"""Glasses, carafes and bottles: clear or tinted, with hard lights."""

from __future__ import annotations

from .colour import darker, lighter
from .lathe import Lathe, sheen
from .scene import ground, stand
from .svg import Canvas, Look, Point, box, curve, oval

WATER = "#bcd8de"
WINE = "#7c1f38"
AMBER = "#d99b3a"


def _glass(
    c: Canvas, form: Lathe, tint: str, *, fill: str = "", level: float = 0.4, floor: float = 10
) -> None:
    """A glass wall, thick at the base, perhaps with a drink in it."""
    d = form.outline()
    c.path(
        d,
        c.linear(
            (0, darker(tint, 0.25), 0.75),
            (0.16, lighter(tint, 0.5), 0.4),
            (0.5, tint, 0.28),
            (0.85, tint, 0.42),
            (1, darker(tint, 0.35), 0.8),
        ),
    )
    y = form.top + (form.bottom - form.top) * level
    with c.clip(d):
        if fill:
            drink = Lathe(
                form.cx,
                [
                    (y, form.radius(y) - 5),
                    (form.bottom - floor, max(form.radius(form.bottom - floor) - 6, 4)),
                ],
                form.tilt,
            )
            deep = Lathe(
                form.cx,
                [
                    (y, form.radius(y) - 5),
                    *[(p, r - 5) for p, r in form.profile if y < p < form.bottom - floor],
                    (form.bottom - floor, drink.foot),
                ],
                form.tilt,
            )
            c.path(
                deep.outline(),
                c.linear(
                    (0, darker(fill, 0.2), 0.9),
                    (0.25, lighter(fill, 0.25), 0.8),
                    (0.7, fill, 0.85),
                    (1, darker(fill, 0.35), 0.95),
                ),
            )
            r = form.radius(y) - 5
            c.path(oval(form.cx, y, r, r * form.tilt), lighter(fill, 0.35), op=0.85)
        c.stroke(form.ring(form.bottom - floor), "#fff", 3, op=0.55)
        c.path(form.band(form.bottom - floor, form.bottom + 30), tint, op=0.25)
    c.path(
        oval(form.cx, form.top, form.mouth, form.mouth * form.tilt),
        "#fff",
        op=0.16,
        stroke=darker(tint, 0.25),
        sw=2.4,
    )
    c.path(
        oval(form.cx, form.top - 0.8, form.mouth - 2, form.mouth * form.tilt - 1),
        stroke="#fff",
        sw=1.6,
        op=0.8,
    )
    tall = form.bottom - form.top
    ys = [form.top + tall * t for t in (0.12, 0.35, 0.6, 0.85)]
    left: list[Point] = [
        (form.cx - form.radius(at) * 0.8, at + form.radius(at) * form.tilt * 0.5) for at in ys
    ]
    c.stroke(curve(left), "#fff", max(form.mouth * 0.09, 3), op=0.72)
    right: list[Point] = [
        (form.cx + form.radius(at) * 0.86, at + form.radius(at) * form.tilt * 0.4) for at in ys[1:]
    ]
    c.stroke(curve(right), "#fff", 3, op=0.5)


def _cuts(c: Canvas, form: Lathe, look: Look) -> None:
    """Facets, ribs, bubbles or bands in the glass."""
    if look.pattern in {"fluted", "check"}:
        d = "".join(
            curve(form.meridian(s)) for s in (-0.85, -0.62, -0.36, -0.1, 0.16, 0.42, 0.67, 0.88)
        )
        with c.clip(form.outline()):
            c.stroke(d, "#fff", 3, op=0.5)
            c.stroke(d, darker(look.main, 0.4), 2, op=0.25, transform="translate(4 0)")
    elif look.pattern in {"speckle", "dots"}:
        spots = []
        for _ in range(26):
            y = c.dice.between(form.top + 20, form.bottom - 6)
            spots.append((form.cx + form.radius(y) * c.dice.between(-0.85, 0.85), y + 6))
        c.dots(spots, "#fff", 5, 0.5)
    elif look.pattern in {"band", "lines", "stripes"}:
        tall = form.bottom - form.top
        for at in (0.2, 0.27) if look.pattern == "band" else (0.2, 0.3, 0.4, 0.5):
            c.stroke(form.ring(form.top + tall * at), look.accent, 5, op=0.8, cap="butt")


def tumbler(c: Canvas, look: Look) -> None:
    """A pair of tumblers."""
    stand(c, look.main)
    for cx, base, scale in ((390, 452, 0.9), (238, 494, 1.0)):
        k = look.size * scale
        tall, r = (200, 150, 250, 170)[look.shape] * k, (82, 92, 74, 88)[look.shape] * k
        top = base - tall
        forms = (
            [(top, r), (top, r), (base, r * 0.84)],
            [(top, r * 0.94), (top + tall * 0.5, r), (base - 10, r * 0.82), (base, r * 0.7)],
            [(top, r), (top, r), (base, r * 0.94)],
            [(top, r), (top + tall * 0.5, r * 0.84), (base, r * 0.8)],
        )
        form = Lathe(cx, forms[look.shape])
        ground(c, cx, base + 2, form.foot * 1.15, form.foot * 0.28, 0.7)
        fill = (WATER, "", AMBER, WATER)[look.dice.whole(0, 3)] if scale == 1 else ""
        _glass(c, form, look.main, fill=fill, floor=16)
        _cuts(c, form, look)


def wine_glass(c: Canvas, look: Look) -> None:
    """A stemmed glass."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 500
    top, tall = base - 330 * k, (165, 140, 180, 110)[look.shape] * k
    r = (74, 86, 58, 100)[look.shape] * k
    bowl_end = top + tall
    ground(c, cx, base, 84 * k, 20 * k, 0.75)
    c.path(
        oval(cx, base - 4, 82 * k, 19 * k),
        c.linear(
            (0, lighter(look.main, 0.6), 0.8),
            (0.5, look.main, 0.5),
            (1, darker(look.main, 0.3), 0.75),
        ),
    )
    c.path(oval(cx, base - 6, 80 * k, 17 * k), stroke="#fff", sw=2, op=0.8)
    stem = (
        curve(
            [
                (cx - 9, bowl_end - 6),
                (cx - 5, bowl_end + 36),
                (cx - 6, base - 30),
                (cx - 26, base - 8),
            ]
        )
        + curve(
            [
                (cx + 26, base - 8),
                (cx + 6, base - 30),
                (cx + 5, bowl_end + 36),
                (cx + 9, bowl_end - 6),
            ],
            start="L",
        )
        + "Z"
    )
    c.path(
        stem,
        c.linear(
            (0, darker(look.main, 0.3), 0.9), (0.4, "#fff", 0.9), (1, darker(look.main, 0.35), 0.9)
        ),
    )
    forms = (
        [(top, r * 0.8), (top + tall * 0.55, r), (bowl_end - 18, r * 0.5), (bowl_end, 9)],
        [(top, r * 0.74), (top + tall * 0.55, r), (bowl_end - 18, r * 0.55), (bowl_end, 9)],
        [(top, r), (top + tall * 0.6, r * 0.82), (bowl_end - 12, r * 0.35), (bowl_end, 8)],
        [(top, r), (top + tall * 0.5, r * 0.92), (bowl_end - 12, r * 0.5), (bowl_end, 9)],
    )
    form = Lathe(cx, forms[look.shape])
    _glass(
        c,
        form,
        look.main,
        fill=(WINE, "#e3c878", "", "#e6a08f")[look.dice.whole(0, 3)],
        level=0.48,
        floor=8,
    )
    _cuts(c, form, look)


def carafe(c: Canvas, look: Look) -> None:
    """A carafe, sometimes with a cork or glass stopper."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 496
    tall, r = (320, 300, 340, 280)[look.shape] * k, (98, 108, 84, 116)[look.shape] * k
    top = base - tall
    forms = (
        [
            (top, r * 0.5),
            (top + tall * 0.2, r * 0.4),
            (top + tall * 0.46, r * 0.72),
            (top + tall * 0.72, r),
            (base - 10, r * 0.92),
            (base, r * 0.84),
        ],
        [
            (top, r * 0.6),
            (top + tall * 0.16, r * 0.44),
            (top + tall * 0.36, r * 0.5),
            (top + tall * 0.74, r),
            (base, r * 0.86),
        ],
        [
            (top, r * 0.54),
            (top + tall * 0.24, r * 0.5),
            (top + tall * 0.4, r * 0.96),
            (top + tall * 0.5, r),
            (base, r),
        ],
        [
            (top, r * 0.56),
            (top + tall * 0.26, r * 0.36),
            (top + tall * 0.56, r * 0.86),
            (top + tall * 0.8, r),
            (base, r * 0.8),
        ],
    )
    form = Lathe(cx, forms[look.shape])
    ground(c, cx, base + 2, form.foot * 1.15, form.foot * 0.27, 0.75)
    _glass(
        c,
        form,
        look.main,
        fill=(WATER, WATER, "#e8c07a", "")[look.dice.whole(0, 3)],
        level=0.5,
        floor=12,
    )
    _cuts(c, form, look)
    if look.shape % 2 == 0:
        cork = Lathe(
            cx,
            [
                (top - 34, form.mouth * 0.86),
                (top - 30, form.mouth * 0.9),
                (top + 14, form.mouth * 0.74),
            ],
        )
        c.path(cork.outline(), sheen(c, "#c79c6b"))
        c.path(oval(cx, top - 34, form.mouth * 0.86, form.mouth * 0.17), lighter("#c79c6b", 0.35))
        c.dots(
            [(cx - 10, top - 14), (cx + 14, top - 8), (cx - 2, top + 2), (cx + 4, top - 24)],
            "#7a5236",
            3,
            0.6,
        )


def bottle(c: Canvas, look: Look) -> None:
    """A swing-top bottle."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 498
    r, tall = (72, 82, 64, 90)[look.shape] * k, (340, 300, 350, 270)[look.shape] * k
    top = base - tall
    form = Lathe(
        cx,
        [
            (top, r * 0.36),
            (top + tall * 0.24, r * 0.38),
            (top + tall * 0.42, r * 0.94),
            (top + tall * 0.5, r),
            (base - 6, r),
            (base, r * 0.92),
        ],
    )
    ground(c, cx, base + 2, r * 1.12, r * 0.27, 0.8)
    _glass(
        c,
        form,
        look.main,
        fill=(WATER, "", AMBER, "#a9be7f")[look.dice.whole(0, 3)],
        level=0.46,
        floor=12,
    )
    _cuts(c, form, look)
    c.path(box(cx - r * 0.42, top + 4, r * 0.84, 9, 4), sheen(c, "#b9bdbf", "metal"))
    c.stroke(
        (
            f"M{cx - r * 0.42:g} {top + 34:g}L{cx - r * 0.5:g} {top - 6:g}Q{cx:g} "
            f"{top - 44:g} {cx + r * 0.5:g} {top - 6:g}L{cx + r * 0.42:g} {top + 34:g}"
        ),
        "#8f9496",
        4,
    )
    c.path(
        oval(cx, top - 10, r * 0.38, 17),
        c.radial((0, "#fff"), (1, lighter(look.accent, 0.2)), at=(0.35, 0.3), r=0.8),
    )
    c.stroke(f"M{cx - r * 0.36:g} {top + 3:g}h{r * 0.72:g}", "#b5482f", 6)
