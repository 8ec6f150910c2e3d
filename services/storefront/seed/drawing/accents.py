"""Jars, vases, candles and trays: what stands about in a room."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .cups import finish
from .lathe import Lathe, body, finish_off, rim, sheen, turned
from .scene import ground, stand
from .surface import wood
from .svg import Canvas, Look, box, curve, oval, pt

CORK = "#c79c6b"
OAK = "#c39a63"


def jar(c: Canvas, look: Look) -> None:
    """A storage jar with a wooden, cork or clay lid."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 490
    tall, r = (190, 240, 150, 210)[look.shape] * k, (104, 92, 116, 98)[look.shape] * k
    top = base - tall
    form = Lathe(cx, [(top, r * 0.92), (top + 16, r), (base - 16, r), (base, r * 0.92)])
    ground(c, cx, base + 4, r * 1.08, r * 0.26)
    if look.material == "glass":
        filling = ("#d8b97c", "#7a4a2a", "#e9dcc0", "#b5562f", "#8c9a5b")[look.dice.whole(0, 4)]
        c.path(
            form.outline(),
            c.linear(
                (0, "#8aa5a6", 0.6), (0.2, "#fff", 0.5), (0.5, "#e3efee", 0.3), (1, "#7b9699", 0.6)
            ),
        )
        with c.clip(form.outline()):
            c.path(
                form.band(top + tall * 0.3, base + 60),
                c.linear(
                    (0, darker(filling, 0.2)),
                    (0.25, lighter(filling, 0.25)),
                    (1, darker(filling, 0.3)),
                ),
            )
            spots = [
                (cx + look.dice.between(-r, r), top + look.dice.between(tall * 0.42, tall))
                for _ in range(50)
            ]
            c.dots(spots, darker(filling, 0.35), 7, 0.35)
            c.dots([(x + 4, y - 5) for x, y in spots[:24]], lighter(filling, 0.5), 6, 0.5)
        c.path(box(cx - r * 0.84, top + 30, 13, tall - 60, 6), "#fff", op=0.6)
    else:
        turned(c, form, look.main, look.accent, look.pattern, finish(look))
    own = look.material == "enamel" or look.pattern == "dip"
    lid_colour = look.main if own else (CORK, OAK, OAK, "#8a5d3b")[look.shape]
    lid = Lathe(cx, [(top - 26 * k, r * 0.9), (top - 24 * k, r * 0.94), (top + 6, r * 0.94)])
    c.path(form.band(top + 4, top + 14), "#2b2029", op=0.3)
    body(c, lid, lid_colour)
    c.path(
        oval(cx, top - 26 * k, r * 0.9, r * 0.18),
        c.linear((0, lighter(lid_colour, 0.4)), (1, darker(lid_colour, 0.05))),
    )
    c.path(
        oval(cx, top - 38 * k, 20 * k, 15 * k),
        c.radial(
            (0, lighter(lid_colour, 0.6)), (1, darker(lid_colour, 0.4)), at=(0.35, 0.3), r=0.75
        ),
    )


def _stems(c: Canvas, look: Look, cx: float, y: float, spread: float) -> None:
    """A few dried stems, different in every vase."""
    kind = look.dice.whole(0, 3)
    if kind == 3:
        return
    green = ("#6f7f57", "#8a7a4d", "#5d6f5f")[kind]
    bloom = ("#d8a04a", "#e7dcc4", "#b4697a", "#9db3c9")[look.dice.whole(0, 3)]
    for i in range(look.dice.whole(2, 4)):
        lean = (i - 1.2) * spread * look.dice.between(0.7, 1.2)
        high = look.dice.between(130, 200)
        points = [(cx + lean * t * t + (i - 1.5) * 5, y - high * t) for t in (0, 0.4, 0.75, 1)]
        c.stroke(curve(points), green, 3.5)
        tip_x, tip_y = points[-1]
        if kind == 0:
            c.dots(
                [
                    (tip_x + look.dice.between(-16, 16), tip_y + look.dice.between(-14, 26))
                    for _ in range(11)
                ],
                bloom,
                11,
            )
        elif kind == 1:
            c.path(
                curve(
                    [
                        (tip_x, tip_y - 40),
                        (tip_x + 9, tip_y - 8),
                        (tip_x, tip_y + 14),
                        (tip_x - 9, tip_y - 8),
                        (tip_x, tip_y - 40),
                    ]
                )
                + "Z",
                darker(bloom, 0.14),
            )
        for (x, y2), side in zip(points[1:], (1, -1, 1), strict=True):
            c.path(
                f"M{pt(x, y2)}q{14 * side} -20 {32 * side} -18q{-4 * side} 20 {-32 * side} 18z",
                green,
                op=0.9,
            )


def vase(c: Canvas, look: Look) -> None:
    """A vase, some with stems in it."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 492
    tall, r = (230, 200, 260, 180)[look.shape] * k, (94, 112, 74, 120)[look.shape] * k
    top = base - tall
    forms = (
        [
            (top, r * 0.48),
            (top + tall * 0.16, r * 0.36),
            (top + tall * 0.55, r),
            (base - 20, r * 0.66),
            (base, r * 0.56),
        ],
        [
            (top, r * 0.3),
            (top + tall * 0.12, r * 0.34),
            (top + tall * 0.5, r),
            (top + tall * 0.8, r * 0.84),
            (base, r * 0.42),
        ],
        [(top, r * 0.96), (top + tall * 0.4, r * 0.74), (top + tall * 0.8, r), (base, r * 0.86)],
        [
            (top, r * 0.4),
            (top + tall * 0.2, r * 0.3),
            (top + tall * 0.36, r * 0.5),
            (top + tall * 0.7, r),
            (base, r * 0.7),
        ],
    )
    form = Lathe(cx, forms[look.shape])
    ground(c, cx, base + 4, form.foot * 1.3, form.foot * 0.34)
    c.path(oval(cx, top, form.mouth, form.mouth * 0.2), darker(look.main, 0.5))
    _stems(c, look, cx, top + 8, form.mouth * 0.9 + 20)
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    mouth = form.mouth
    edge = f"M{cx - mouth:g} {top:g}A{mouth:g} {mouth * 0.2:g} 0 0 0 {cx + mouth:g} {top:g}"
    c.stroke(edge, lighter(look.main, 0.4), 5, cap="butt")


def candle(c: Canvas, look: Look) -> None:
    """A candle poured into a pot, lit, its lid or box beside it."""
    stand(c, look.main)
    k, cx, base = look.size, 290, 490
    tall, r = (170, 140, 190, 120)[look.shape] * k, (92, 104, 80, 122)[look.shape] * k
    top = base - tall
    form = Lathe(cx, [(top, r), (top, r), (base - 10, r * 0.98), (base, r * 0.9)])
    glow = c.radial((0, "#ffd98a", 0.75), (0.35, "#ffd98a", 0.28), (1, "#ffd98a", 0))
    c.path(oval(cx, top - 50, 200, 190), glow)
    ground(c, cx, base + 4, r * 1.08, r * 0.26)
    wax = "#f6ead0"
    turned(
        c,
        form,
        look.main,
        look.accent,
        look.pattern,
        "gloss" if look.material == "glass" else finish(look),
    )
    rim(c, form, look.main, lip=7 * k, inside=darker(look.main, 0.1), fill=wax, level=0.12)
    y1, y2 = top + tall * 0.36, top + tall * 0.74
    if look.pattern == "plain":
        c.path(
            box(cx - r * 0.42, y1 + r * 0.16, r * 0.84, y2 - y1, 3),
            c.linear((0, "#fbf4e4"), (1, "#e0d3ba")),
        )
        mid = (y1 + y2) / 2 + r * 0.16
        c.stroke(
            f"M{cx - 18:g} {mid + 14:g}h36M{cx - 12:g} {mid + 22:g}h24", "#4d423b", 2.2, op=0.6
        )
        c.path(f"M{cx:g} {mid + 6:g}q-16 -8 -3 -24q16 8 3 24z", darker(look.main, 0.3), op=0.8)
    for dx in (0,) if look.shape != 3 else (-40, 0, 40):
        c.stroke(f"M{cx + dx:g} {top + 8:g}v-20", "#3a2c26", 4)
        flame = (
            curve(
                [
                    (cx + dx, top - 60),
                    (cx + dx + 12, top - 26),
                    (cx + dx, top - 10),
                    (cx + dx - 12, top - 26),
                    (cx + dx, top - 60),
                ]
            )
            + "Z"
        )
        c.path(flame, c.linear((0, "#ffe9b0"), (0.6, "#ffb84d"), (1, "#e2762f"), to=(0, 1)))
        c.path(oval(cx + dx, top - 22, 4.5, 9), "#fff6dc")


def candlestick(c: Canvas, look: Look) -> None:
    """Candlesticks with dinner candles."""
    stand(c, look.main)
    fin = "metal" if look.material in {"brass", "steel", "copper", "iron"} else finish(look)
    wax = look.accent
    for cx, base, tall in (
        (392, 458, (150, 100, 190, 120)[look.shape]),
        (236, 494, (220, 130, 130, 190)[look.shape]),
    ):
        k = look.size
        top = base - tall * k
        ground(c, cx, base + 3, 70 * k, 18 * k)
        stick = Lathe(cx, [(top - 150 * k, 11 * k), (top, 14 * k)])
        body(c, stick, wax)
        finish_off(c, stick)
        c.stroke(f"M{cx:g} {top - 150 * k:g}v-14", "#3a2c26", 3)
        form = Lathe(
            cx,
            [
                (top - 14, 26 * k),
                (top + 6, 20 * k),
                (top + 18, 12 * k),
                (top + tall * 0.4, (11, 16, 9, 20)[look.shape] * k),
                (base - 40, 13 * k),
                (base - 18, 56 * k),
                (base, 62 * k),
            ],
            0.24,
        )
        turned(c, form, look.main, look.accent, "plain", fin)
        c.path(oval(cx, top - 14, 26 * k, 6 * k), lighter(look.main, 0.4), op=0.6)
        c.path(oval(cx, base - 18, 40 * k, 6 * k), "#fff", op=0.14)
        c.path(box(cx - 14 * k, top - 34, 28 * k, 22), sheen(c, wax))


def tray(c: Canvas, look: Look) -> None:
    """A round or oblong tray with a raised edge."""
    stand(c, look.main, 380)
    k, cx, y = look.size, 300, 430
    wooden = look.material in {"oak", "walnut", "ash", "beech", "cherry", "acacia", "birch"}
    rx, ry = (210, 225, 190, 215)[look.shape] * k, (66, 78, 62, 84)[look.shape] * k
    ground(c, cx, y + 22, rx * 1.0, ry)
    d = oval(cx, y, rx, ry)
    wall = f"M{cx - rx:g} {y:g}v26A{rx:g} {ry:g} 0 0 0 {cx + rx:g} {y + 26:g}v-26z"
    c.path(wall, sheen(c, look.main, "matte" if wooden else "gloss"))
    c.path(d, c.linear((0, lighter(look.main, 0.3)), (1, darker(look.main, 0.15))))
    inner = oval(cx, y + 4, rx - 12, ry - 8)
    c.path(inner, darker(look.main, 0.4))
    with c.clip(inner):
        floor = oval(cx, y + 18, rx - 12, ry - 8)
        if wooden:
            wood(c, floor, look.main, scale=1.2)
        else:
            c.path(floor, c.linear((0, darker(look.main, 0.1)), (1, lighter(look.main, 0.25))))
        for share in (
            (0.9, 0.6, 0.3) if look.pattern in {"rings", "lines", "stripes", "band"} else ()
        ):
            c.path(
                oval(cx, y + 18, (rx - 12) * share, (ry - 8) * share),
                stroke=look.accent,
                sw=7,
                op=0.7,
            )
    for side in (-1, 1) if look.shape % 2 else ():
        x = cx + side * (rx - 16)
        c.stroke(f"M{x:g} {y - 20:g}q{side * 30} 20 0 44", darker(look.accent, 0.3), 13)
        c.stroke(f"M{x:g} {y - 22:g}q{side * 28} 20 0 42", mix(look.accent, "#ffffff", 0.2), 7)
