"""Wooden toys, puzzles and games."""

from __future__ import annotations

import math

from .colour import darker, lighter, mix
from .lathe import Lathe, body, finish_off
from .scene import ground, stand
from .surface import block, wood
from .svg import Canvas, Look, box, curve, oval, poly, pt

BEECH = "#dcb98c"


def ball(c: Canvas, x: float, y: float, r: float, colour: str) -> None:
    """A round bead or ball."""
    c.path(
        oval(x, y, r, r),
        c.radial(
            (0, lighter(colour, 0.65)),
            (0.45, colour),
            (1, darker(colour, 0.42)),
            at=(0.35, 0.3),
            r=0.75,
        ),
    )


def wheel(c: Canvas, x: float, y: float, r: float, colour: str) -> None:
    """A wooden wheel on its axle."""
    c.path(oval(x + 6, y - 2, r, r), darker(colour, 0.5))
    c.path(
        oval(x, y, r, r), c.linear((0, lighter(colour, 0.3)), (1, darker(colour, 0.3)), to=(1, 1))
    )
    c.path(oval(x, y, r * 0.7, r * 0.7), stroke="#2b2029", sw=2.5, op=0.2)
    ball(c, x, y, r * 0.24, BEECH)


def vehicle(c: Canvas, look: Look) -> None:
    """A car, van, lorry or tractor."""
    stand(c, look.main)
    m, a = look.main, look.accent
    ground(c, 310, 486, 190, 24)
    shells = (
        "M104 430Q104 372 160 362L206 356Q232 286 300 284Q372 284 398 352L450 360Q492 370 494 430Z",
        "M112 436V316Q112 264 166 262H440Q490 264 490 316V436Z",
        "M108 436V300Q108 280 128 280H222Q246 282 256 306V400H500V436Z",
        "M176 436V296H330L342 372H470Q486 374 486 394V436Z",
    )
    d = shells[look.shape]
    c.path(d, darker(m, 0.45), transform="translate(9 -7)")
    if look.material == "beech" or look.pattern == "plain":
        wood(c, d, m)
    else:
        c.path(d, c.linear((0, lighter(m, 0.3)), (0.5, m), (1, darker(m, 0.25)), to=(0.3, 1)))
    windows = (
        "M232 352Q250 306 292 304V352ZM308 304Q352 308 368 352H308Z",
        (
            "M140 350V308Q142 290 160 290H220V350ZM240 290H320V350H240ZM340 290H440Q460 "
            "292 462 310V350H340Z"
        ),
        "M132 350V312Q132 304 142 304H212Q226 306 232 322V350Z",
        "M198 372V318H312L320 372Z",
    )
    c.path(windows[look.shape], c.linear((0, "#f4efe2"), (1, "#bfcdd0"), to=(1, 1)))
    if look.pattern in {"band", "stripes", "lines", "dip"} and look.shape != 2:
        with c.clip(d):
            c.path(box(90, 388, 420, 16 if look.pattern != "dip" else 60), a)
    if look.shape == 2:
        inks = (a, lighter(m, 0.4), "#d8a84a")
        for i in range(3):
            block(
                c,
                [
                    (268 + i * 76, 330),
                    (334 + i * 76, 330),
                    (334 + i * 76, 398),
                    (268 + i * 76, 398),
                ],
                (12, -10),
                inks[i],
                wooden=True,
            )
    if look.shape == 3:
        c.path(box(416, 318, 16, 56, 4), darker(a, 0.3))
        c.path(box(164, 272, 186, 28, 8), a)
    wheels = (
        ((180, 50), (412, 50)),
        ((188, 48), (416, 48)),
        ((166, 42), (330, 42), (440, 42)),
        ((236, 74), (432, 46)),
    )
    for x, r in wheels[look.shape]:
        wheel(c, x, 486 - r, r, a if look.pattern != "plain" else darker(m, 0.4))
    c.stroke(
        curve([(120, 400), (128, 384), (160, 372)]) if look.shape == 0 else "M130 300V340",
        "#fff",
        5,
        op=0.4,
    )


def rings(c: Canvas, look: Look) -> None:
    """A stacking toy: rings on a peg, a tower of cups or a rainbow."""
    stand(c, look.main)
    m, a = look.main, look.accent
    tones = [mix(m, a, t) for t in (0, 0.28, 0.55, 0.8, 1)]
    ground(c, 300, 488, 150, 26)
    if look.shape == 1:
        for i, colour in enumerate([*tones, BEECH]):
            r = 200 - i * 28
            d = (
                f"M{300 - r} 486V{486 - r * 0.6:g}A{r} {r} 0 0 1 {300 + r} "
                f"{486 - r * 0.6:g}V486H{300 + r - 26}V{486 - r * 0.6:g}A{r - 26} "
                f"{r - 26} 0 0 0 {300 - r + 26} {486 - r * 0.6:g}V486Z"
            )
            c.path(d, darker(colour, 0.4), transform="translate(7 -5)")
            c.path(d, c.linear((0, lighter(colour, 0.3)), (0.5, colour), (1, darker(colour, 0.25))))
            c.path(d, stroke="#fff", sw=2, op=0.3)
        return
    if look.shape == 3:
        for i, colour in enumerate(tones[:4]):
            r, y = 120 - i * 22, 488 - i * 78
            form = Lathe(300, [(y - 88, r * 0.88), (y, r)], 0.2)
            body(c, form, colour)
            finish_off(c, form)
            c.path(oval(300, y - 88, r * 0.88, r * 0.176), lighter(colour, 0.35))
            c.stroke(form.ring(y - 12), darker(colour, 0.3), 3, op=0.5)
        return
    foot = Lathe(300, [(462, 140), (466, 146), (486, 146)], 0.2)
    body(c, foot, BEECH)
    c.path(oval(300, 462, 140, 28), lighter(BEECH, 0.3))
    level = 462.0
    for i in range(5):
        r, thick = 132 - i * (19 if look.shape == 0 else 10), 50
        form = Lathe(
            300,
            [
                (level - thick, r * 0.8),
                (level - thick * 0.8, r * 0.96),
                (level - thick * 0.5, r),
                (level - thick * 0.2, r * 0.96),
                (level, r * 0.8),
            ],
            0.2,
        )
        body(c, form, tones[i])
        c.path(oval(300, level - thick, r * 0.8, r * 0.16), lighter(tones[i], 0.28))
        level -= thick
    ball(c, 300, level - 30, 40, BEECH if look.shape == 0 else m)


def blocks(c: Canvas, look: Look) -> None:
    """Building blocks in a pile, different every time."""
    stand(c, look.main)
    m, a = look.main, look.accent
    inks = [m, a, BEECH, mix(m, a, 0.5), lighter(m, 0.3)]
    ground(c, 310, 488, 200, 24)
    size = 104
    rows = ((3, 2, 1), (2, 2, 1), (3, 1), (3, 3))[look.shape]
    for level, count in enumerate(rows):
        y = 488 - (level + 1) * size
        for i in range(count):
            x = 300 - count * (size + 6) / 2 + i * (size + 6) + look.dice.between(-5, 5)
            ink = inks[(level + i * 2 + look.shape) % 5]
            block(
                c,
                [(x, y), (x + size, y), (x + size, y + size), (x, y + size)],
                (30, -22),
                ink,
                wooden=True,
            )
            mark, cx, cy = look.dice.whole(0, 4), x + size / 2, y + size / 2
            paint = darker(ink, 0.4) if ink != a else lighter(ink, 0.6)
            if mark == 0:
                c.path(oval(cx, cy, 27, 27), paint, op=0.85)
            elif mark == 1:
                c.path(
                    poly([(cx, cy - 30), (cx + 30, cy + 24), (cx - 30, cy + 24)]), paint, op=0.85
                )
            elif mark == 2:
                star = [
                    (
                        cx + (30 if n % 2 == 0 else 13) * math.sin(n * math.pi / 5),
                        cy - (30 if n % 2 == 0 else 13) * math.cos(n * math.pi / 5),
                    )
                    for n in range(10)
                ]
                c.path(poly(star), paint, op=0.85)
            elif mark == 3:
                c.path(
                    f"M{pt(cx, cy + 28)}q-44 -28 -26 -48q16 -14 26 6q10 -20 26 -6q18 20 -26 48z",
                    paint,
                    op=0.85,
                )
    if look.shape != 3:
        y = 488 - len(rows) * size
        roof = [(300 - 56, y), (300 + 8, y - 74), (300 + 66, y)]
        c.path(poly([(308, y - 74), (338, y - 96), (396, y - 22), (366, y)]), darker(a, 0.35))
        wood(c, poly(roof), a)
