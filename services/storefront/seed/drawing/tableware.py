"""Plates, bowls and what else stands on a laid table."""

from __future__ import annotations

from .colour import SHADE, darker, lighter, mix
from .cups import finish
from .lathe import Lathe, rim, sheen, turned
from .plate_paint import paint_plate
from .scene import cast, ground, lay, stand
from .svg import Canvas, Look, box, curve, num, oval, pt


def plate(c: Canvas, look: Look) -> None:
    """A plate from above; every second form is shown as a pair."""
    lay(c, look.main)
    k = look.size
    places = (
        ((300, 300, 205 * k),)
        if look.shape % 2 == 0
        else ((352, 250, 170 * k), (250, 352, 170 * k))
    )
    for place, (cx, cy, r) in enumerate(places):
        main = look.main if place == len(places) - 1 else mix(look.main, look.accent, 0.25)
        disc = oval(cx, cy, r, r)
        cast(c, disc, 14, 20, 13, 0.34)
        c.path(
            disc,
            c.linear((0, lighter(main, 0.35)), (0.5, main), (1, darker(main, 0.22)), to=(1, 1)),
        )
        c.path(oval(cx, cy, r * 0.985, r * 0.985), stroke=lighter(main, 0.6), sw=2.5, op=0.7)
        well = (0.7, 0.74, 0.8, 0.64)[look.shape]
        paint_plate(c, look, cx, cy, r)
        c.path(
            oval(cx, cy, r * well, r * well),
            c.linear((0, SHADE, 0.2), (0.4, SHADE, 0.02), (1, "#fff", 0.32), to=(1, 1)),
        )
        c.path(
            oval(cx + 2, cy + 2, r * (well - 0.04), r * (well - 0.04)),
            c.radial((0, lighter(main, 0.3), 0.7), (1, main, 0.25), at=(0.4, 0.35), r=0.7),
        )
        if finish(look) == "gloss":
            a = r * 0.86
            d = f"M{pt(cx - a, cy - r * 0.12)}A{num(a)} {num(a)} 0 0 1 {pt(cx - r * 0.12, cy - a)}"
            c.stroke(d, "#fff", 7, op=0.4)


def platter(c: Canvas, look: Look) -> None:
    """An oval serving dish from above."""
    lay(c, look.main)
    turn = (-24, -32, 18, -12)[look.shape]
    with c.group(transform=f"rotate({turn} 300 300)"):
        rx, ry = 235 * look.size, (135, 150, 120, 142)[look.shape] * look.size
        rim_d = oval(300, 300, rx, ry)
        cast(c, rim_d, 12, 22, 12)
        c.path(
            rim_d,
            c.linear(
                (0, lighter(look.main, 0.4)),
                (0.5, look.main),
                (1, darker(look.main, 0.25)),
                to=(0.6, 1),
            ),
        )
        c.path(
            oval(300, 300, rx - 9, ry - 9),
            stroke=look.accent,
            sw=7 if look.pattern != "plain" else 0,
            op=0.85,
        )
        inner = oval(300, 303, rx * 0.8, ry * 0.72)
        c.path(
            inner,
            c.linear(
                (0, darker(look.main, 0.26)),
                (0.5, darker(look.main, 0.04)),
                (1, lighter(look.main, 0.4)),
                to=(0.5, 1),
            ),
        )
        spots = [
            (300 + look.dice.between(-1, 1) * rx * 0.66, 300 + look.dice.between(-1, 1) * ry * 0.55)
            for _ in range(40)
        ]
        if look.pattern in {"speckle", "rings", "glaze"}:
            c.dots(spots, darker(look.accent, 0.3), 3, 0.55)
        c.stroke(
            (
                f"M{pt(300 - rx * 0.86, 285)}A{num(rx * 0.9)} {num(ry * 0.9)} 0 0 1 "
                f"{pt(250, 300 - ry * 0.88)}"
            ),
            "#fff",
            6,
            op=0.35,
        )


def bowl(c: Canvas, look: Look) -> None:
    """A bowl from slightly above; from a cereal bowl to a wide serving bowl."""
    stand(c, look.main, 400)
    k, cx, base = look.size, 300, 470
    r = (165, 150, 185, 160)[look.shape] * k
    tall = (130, 150, 105, 140)[look.shape] * k
    top = base - tall
    forms = (
        [
            (top, r),
            (top + tall * 0.4, r * 0.9),
            (base - 22, r * 0.55),
            (base - 12, r * 0.42),
            (base, r * 0.42),
        ],
        [(top, r), (top + tall * 0.45, r * 0.97), (base - tall * 0.12, r * 0.62), (base, r * 0.46)],
        [(top, r), (top + tall * 0.5, r * 0.78), (base - 10, r * 0.44), (base, r * 0.4)],
        [(top, r * 0.97), (top + tall * 0.3, r), (base - tall * 0.2, r * 0.72), (base, r * 0.5)],
    )
    form = Lathe(cx, forms[look.shape], 0.33)
    ground(c, cx, base + 6, form.foot * 1.5, form.foot * 0.5)
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    rim(
        c,
        form,
        look.main,
        lip=7 * k,
        inside=lighter(look.accent if look.pattern in {"plain", "dip"} else look.main, 0.2),
    )
    for i in (0.82, 0.62):
        c.path(oval(cx + 4, top + r * 0.33 * (1 - i) * 0.9, r * i, r * 0.31 * i), "#fff", op=0.07)
    c.stroke(
        (
            f"M{pt(cx + r * 0.4, top + r * 0.22)}A{num(r * 0.9)} {num(r * 0.28)} 0 0 0 "
            f"{pt(cx + r * 0.84, top + r * 0.06)}"
        ),
        "#fff",
        6,
        op=0.4,
    )


def egg_cup(c: Canvas, look: Look) -> None:
    """Two egg cups, one with an egg."""
    stand(c, look.main)
    for cx, base, scale in ((392, 448, 0.86), (245, 490, 1.0)):
        k = look.size * scale
        tall, r = 150 * k, 72 * k
        top = base - tall
        waist = (0.34, 0.5, 0.7, 0.28)[look.shape]
        form = Lathe(
            cx,
            [
                (top, r),
                (top + tall * 0.35, r * 0.86),
                (top + tall * 0.6, r * waist),
                (base - 8, r * 0.72),
                (base, r * 0.74),
            ],
            0.24,
        )
        ground(c, cx, base + 3, form.foot * 1.2, form.foot * 0.32)
        turned(c, form, look.main, look.accent, look.pattern, finish(look))
        rim(c, form, look.main, lip=6 * k, inside=darker(look.main, 0.1))
        if scale == 1:
            egg = curve(
                [
                    (cx - r * 0.8, top + 4),
                    (cx - r * 0.6, top - 56 * k),
                    (cx, top - 96 * k),
                    (cx + r * 0.6, top - 56 * k),
                    (cx + r * 0.8, top + 4),
                    (cx, top + 22),
                    (cx - r * 0.8, top + 4),
                ]
            )
            shell = ("#e9c6a2", "#f4e9da", "#d9a77c", "#cfdcd3")[look.dice.whole(0, 3)]
            c.path(
                egg,
                c.radial(
                    (0, lighter(shell, 0.7)),
                    (0.5, shell),
                    (1, darker(shell, 0.3)),
                    at=(0.35, 0.28),
                    r=0.75,
                ),
            )


def butter_dish(c: Canvas, look: Look) -> None:
    """A lidded dish for a block of butter."""
    stand(c, look.main)
    k = look.size
    cx, y = 300, 462
    fin = finish(look)
    ground(c, cx, y + 14, 190 * k, 40 * k)
    c.path(oval(cx, y + 8, 196 * k, 46 * k), darker(look.main, 0.35))
    c.path(
        oval(cx, y, 196 * k, 46 * k),
        c.linear((0, lighter(look.main, 0.3)), (0.5, look.main), (1, darker(look.main, 0.25))),
    )
    c.path(oval(cx, y - 2, 162 * k, 35 * k), darker(look.main, 0.25), op=0.7)
    tall = (118, 96, 130, 104)[look.shape] * k
    r = 148 * k
    top = y - tall
    form = Lathe(
        cx, [(top, r * 0.3), (top + 10, r * 0.7), (top + tall * 0.28, r * 0.93), (y - 4, r)], 0.2
    )
    turned(c, form, look.main, look.accent, look.pattern, fin)
    knob = c.radial(
        (0, lighter(look.accent, 0.5)), (1, darker(look.accent, 0.35)), at=(0.35, 0.3), r=0.75
    )
    c.path(box(cx - 9 * k, top - 16 * k, 18 * k, 20 * k), darker(look.accent, 0.3))
    c.path(oval(cx, top - 20 * k, 22 * k, 15 * k), knob)


def cake_stand(c: Canvas, look: Look) -> None:
    """A plate on a foot."""
    stand(c, look.main)
    k, cx, base, y = look.size, 300, 494, 318
    fin = finish(look)
    stem = Lathe(
        cx,
        [
            (y, 60 * k),
            (y + 40, 26 * k),
            (base - 60, (22, 34, 18, 26)[look.shape] * k),
            (base - 10, 84 * k),
            (base, 92 * k),
        ],
        0.24,
    )
    ground(c, cx, base + 4, 104 * k, 28 * k)
    turned(c, stem, look.main, look.accent, "plain", fin)
    r = 205 * k
    c.path(oval(cx, y + 20, r * 0.98, r * 0.25), darker(look.main, 0.4))
    c.path(box(cx - r, y, 2 * r, 18), sheen(c, look.main, fin))
    c.path(oval(cx, y + 16, r, r * 0.25), sheen(c, look.main, fin))
    c.path(
        oval(cx, y, r, r * 0.25),
        c.linear((0, lighter(look.main, 0.5)), (0.6, look.main), (1, darker(look.main, 0.15))),
    )
    c.path(
        oval(cx, y + 1, r * 0.9, r * 0.215),
        stroke=look.accent if look.pattern != "plain" else darker(look.main, 0.2),
        sw=4,
        op=0.7,
    )
    c.path(
        oval(cx, y + 3, r * 0.84, r * 0.19),
        c.linear((0, darker(look.main, 0.14)), (1, lighter(look.main, 0.45))),
    )
