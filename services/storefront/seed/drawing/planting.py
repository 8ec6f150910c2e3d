"""Pots, cans and baskets for growing things."""

from __future__ import annotations

from .colour import darker, lighter
from .cups import finish, loop
from .lathe import Lathe, body, rim, sheen, turned
from .scene import ground, stand
from .surface import rod, weave, wood
from .svg import Canvas, Look, box, curve, oval, poly, pt

GREENS = ("#5f7f52", "#4f7358", "#7a8f55", "#6c8a72")
STEEL = "#b9bdbf"


def _leaves(c: Canvas, look: Look, cx: float, y: float, r: float) -> None:
    """A plant for a pot: rosette, grass, trailing or a small shrub."""
    green = look.dice.pick(GREENS)
    kind = look.dice.whole(0, 3)
    if kind == 0:
        for lean in (-64, 58, -40, 36, -18, 16, 0):
            d = (
                f"M{pt(cx, y)}q-26 -80 0 -{150 - abs(lean) * 0.6:g}q26 70 0 "
                f"{150 - abs(lean) * 0.6:g}z"
            )
            c.path(
                d,
                c.linear((0, lighter(green, 0.25)), (1, darker(green, 0.25))),
                transform=f"rotate({lean} {cx:g} {y:g})",
            )
    elif kind == 1:
        for i in range(15):
            bend, high = (i - 7) * r * 0.13, look.dice.between(110, 180)
            c.stroke(
                (
                    f"M{pt(cx + bend * 0.3, y)}Q{pt(cx + bend * 0.5, y - high * 0.7)} "
                    f"{pt(cx + bend * 1.5, y - high * 0.9)}"
                ),
                darker(green, 0.2) if i % 2 else lighter(green, 0.15),
                6,
            )
    else:
        for _ in range(26):
            lx, ly = (
                cx + look.dice.between(-1, 1) * r * 0.9,
                y - look.dice.between(6, 120 if kind == 2 else 60),
            )
            shade = look.dice.pick((darker(green, 0.2), green, lighter(green, 0.22)))
            c.path(
                oval(lx, ly, 21, 13),
                shade,
                transform=f"rotate({look.dice.between(-60, 60):.0f} {lx:.0f} {ly:.0f})",
            )
        if kind == 2:
            bloom = look.dice.pick(("#e6b84f", "#d9828c", "#f3ead8", "#b48bc0"))
            c.dots(
                [
                    (cx + look.dice.between(-1, 1) * r * 0.8, y - look.dice.between(50, 124))
                    for _ in range(9)
                ],
                bloom,
                18,
            )


def planter(c: Canvas, look: Look) -> None:
    """A planted pot, some on a saucer or legs."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 494
    tall, r = (170, 190, 150, 160)[look.shape] * k, (116, 104, 132, 120)[look.shape] * k
    legs = look.shape == 3
    if legs:
        for x in (-0.62, 0.62):
            rod(c, (cx + r * x * 0.9, base - 80), (cx + r * x, base), 13, "#b58a58")
        base -= 56
    top = base - tall
    ground(c, cx, (base if not legs else 494) + 3, r * 0.82, r * 0.22)
    if look.shape == 0:
        c.path(oval(cx, base + 1, r * 0.94, r * 0.2), darker(look.main, 0.35))
        c.path(oval(cx, base - 7, r * 0.94, r * 0.2), sheen(c, look.main))
    forms = (
        [(top, r), (top + 34, r * 0.97), (top + 34, r * 0.92), (base, r * 0.7)],
        [(top, r * 0.92), (top + tall * 0.3, r), (base - 14, r * 0.8), (base, r * 0.7)],
        [(top, r), (top + tall * 0.6, r * 0.92), (base, r * 0.62)],
        [(top, r), (top, r), (base - 12, r * 0.96), (base, r * 0.86)],
    )
    form = Lathe(cx, forms[look.shape])
    turned(
        c,
        form,
        look.main,
        look.accent,
        look.pattern,
        "metal" if look.material in {"zinc", "copper"} else finish(look),
    )
    if look.shape == 0:
        c.stroke(form.ring(top + 36), "#2b2029", 5, op=0.25)
    rim(c, form, look.main, lip=9, inside=darker(look.main, 0.2), fill="#4a372c", level=0.2)
    _leaves(c, look, cx, top + 8, r * 0.82)


def watering_can(c: Canvas, look: Look) -> None:
    """A watering can with a long or short spout."""
    stand(c, look.main)
    k, cx, base = look.size, 322, 490
    tall, r = (170, 150, 190, 130)[look.shape] * k, (104, 112, 92, 108)[look.shape] * k
    top = base - tall
    fin = "metal" if look.material in {"copper", "brass", "steel", "zinc"} else "gloss"
    ground(c, cx, base + 3, r * 1.05, r * 0.27)
    tip = ((96, 250), (110, 300), (76, 210), (84, 320))[look.shape]
    sx, sy = cx - r + 14, base - 50
    rod(c, (sx, sy), tip, 24 * k, look.main, fin)
    if look.shape % 2 == 0:
        with c.group(transform=f"rotate(-36 {tip[0]} {tip[1]})"):
            c.path(
                poly(
                    [
                        (tip[0] - 14, tip[1] + 4),
                        (tip[0] + 14, tip[1] + 4),
                        (tip[0] + 34, tip[1] - 30),
                        (tip[0] - 34, tip[1] - 30),
                    ]
                ),
                sheen(c, look.accent, "metal"),
            )
            c.path(
                oval(tip[0], tip[1] - 30, 34, 11),
                c.linear((0, lighter(look.accent, 0.5)), (1, look.accent)),
            )
            c.dots(
                [(tip[0] - 20 + i * 10, tip[1] - 30) for i in range(5)], darker(look.accent, 0.6), 4
            )
    c.stroke(
        f"M{sx + 6:g} {top + 22:g}L{(sx + tip[0]) / 2:g} {(sy + tip[1]) / 2:g}",
        darker(look.main, 0.3),
        8,
    )
    hx = cx + r - 8
    if look.shape in {0, 3}:
        bar = [
            (hx, base - 40),
            (hx + 92 * k, base - 80),
            (hx + 70 * k, top - 40),
            (cx + 10, top - 62),
            (cx - r * 0.6, top + 6),
        ]
    else:
        bar = [
            (hx, base - 34),
            (hx + 76 * k, base - 60),
            (hx + 72 * k, top + 10),
            (hx - 6, top + 26),
        ]
    loop(c, bar, look.main if look.shape % 2 else look.accent, 16 * k)
    form = Lathe(cx, [(top, r * 0.86), (top + 8, r * 0.9), (base - 6, r), (base, r * 0.96)])
    turned(c, form, look.main, look.accent, look.pattern, fin)
    c.path(
        form.band(top + 18, top + 26) + form.band(base - 30, base - 22),
        lighter(look.main, 0.35),
        op=0.5,
    )
    rim(c, form, look.main, lip=7, inside=darker(look.main, 0.35))
    mouth = Lathe(cx, [(top, r * 0.86), (top + 1, r * 0.86)])
    with c.clip(oval(cx, top, mouth.mouth, mouth.mouth * 0.2)):
        c.path(
            box(cx - r, top - r * 0.2, r, r * 0.4),
            c.linear((0, lighter(look.main, 0.3)), (1, darker(look.main, 0.1))),
        )


def trug(c: Canvas, look: Look) -> None:
    """A shallow garden basket with a hoop."""
    stand(c, look.main)
    w, h = ((200, 100), (180, 120), (210, 90), (190, 110))[look.shape]
    y = 490 - h
    ground(c, 300, 488, w * 0.82, 28)
    hoop = curve([(300, y + 30), (290, y - 150), (304, y - 196), (320, y - 150), (312, y - 20)])
    c.path(oval(300, y, w, 40), darker(look.main, 0.55))
    for _ in range(12):
        px, py = 300 + look.dice.between(-w * 0.7, w * 0.7), y - look.dice.between(-10, 26)
        ball = look.dice.pick(("#b4452f", "#d49a3a", "#7d8f4f", "#a3593b"))
        c.path(
            oval(px, py, 30, 28),
            c.radial(
                (0, lighter(ball, 0.5)), (0.5, ball), (1, darker(ball, 0.4)), at=(0.35, 0.3), r=0.75
            ),
        )
    form = Lathe(300, [(y, w), (y + h * 0.5, w * 0.9), (490, w * 0.62)], 0.2)
    d = form.outline()
    front = (
        f"M{300 - w} {y}A{w} 40 0 0 0 {300 + w} {y}"
        + curve([(300 + w, y), (300 + w * 0.9, y + h * 0.5), (300 + w * 0.62, 490)], start="L")
        + f"A{w * 0.62:g} {w * 0.12:g} 0 0 1 {300 - w * 0.62:g} 490"
        + curve([(300 - w * 0.62, 490), (300 - w * 0.9, y + h * 0.5), (300 - w, y)], start="L")
        + "Z"
    )
    with c.clip(front):
        wood(c, d, look.main, scale=1.5)
        for i in range(1, 5):
            c.stroke(form.ring(y + i * h / 5), "#2b2029", 4, op=0.28)
        if look.pattern == "wicker":
            c.path(d, weave(c, "wicker", look.main))
        c.path(
            d,
            c.linear(
                (0, "#2b2029", 0.2), (0.25, "#fff", 0.2), (0.6, "#fff", 0), (1, "#2b2029", 0.4)
            ),
        )
    c.stroke(
        f"M{300 - w} {y}A{w} 40 0 0 0 {300 + w} {y}", lighter(look.accent, 0.15), 14, cap="butt"
    )
    c.stroke(hoop, darker(look.accent, 0.35), 20)
    c.stroke(hoop, lighter(look.accent, 0.12), 12)
    body(c, Lathe(300, [(488, 30), (494, 30)]), darker(look.main, 0.4))
