"""Lamps, lit: a warm glow is part of the picture."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .cups import finish
from .lathe import Lathe, body, sheen, turned
from .scene import ground, hang, stand
from .surface import rod, weave
from .svg import Canvas, Look, box, curve, oval

METALS = {"brass", "steel", "copper", "iron", "aluminium"}
WARM = "#ffdf9e"


def metal_or_glaze(look: Look) -> str:
    """How the lamp's material shines."""
    return "metal" if look.material in METALS else finish(look)


def glow(c: Canvas, x: float, y: float, r: float, strength: float = 0.7) -> None:
    """Warm light spreading from a point."""
    c.path(
        oval(x, y, r, r), c.radial((0, WARM, strength), (0.4, WARM, strength * 0.35), (1, WARM, 0))
    )


def cloth_shade(
    c: Canvas, look: Look, cx: float, y1: float, y2: float, r1: float, r2: float
) -> None:
    """A cloth shade, lit from inside."""
    form = Lathe(cx, [(y1, r1), (y2, r2)], 0.14)
    colour = mix(look.accent, WARM, 0.28)
    c.path(
        form.outline(),
        c.linear(
            (0, darker(colour, 0.24)),
            (0.22, lighter(colour, 0.2)),
            (0.5, lighter(colour, 0.42)),
            (0.8, colour),
            (1, darker(colour, 0.28)),
        ),
    )
    with c.clip(form.outline()):
        c.path(box(cx - r2, y1 - 40, 2 * r2, y2 - y1 + 90), weave(c, "plain", look.accent))
        if look.pattern == "fluted":
            c.stroke(
                "".join(curve(form.meridian(s / 8)) for s in range(-7, 8)), "#2b2029", 2, op=0.2
            )
        elif look.pattern in {"stripes", "lines", "band"}:
            for t in (0.06, 0.88):
                c.path(
                    form.band(y1 + (y2 - y1) * t, y1 + (y2 - y1) * (t + 0.06)), look.main, op=0.8
                )
    glow(c, cx, (y1 + y2) / 2 + 30, r2 * 0.9, 0.55)
    c.path(oval(cx, y1, r1, r1 * 0.14), lighter(WARM, 0.5))
    c.path(oval(cx, y1, r1, r1 * 0.14), stroke=darker(colour, 0.2), sw=3)
    c.stroke(form.ring(y2), darker(colour, 0.22), 3)


def table_lamp(c: Canvas, look: Look) -> None:
    """A turned or thrown base with a cloth shade."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 496
    glow(c, cx, 250, 280, 0.6)
    tall = (180, 150, 210, 140)[look.shape] * k
    r = (72, 88, 50, 96)[look.shape] * k
    top = base - tall
    forms = (
        [(top, 16), (top + tall * 0.2, r * 0.4), (top + tall * 0.62, r), (base, r * 0.66)],
        [
            (top, 16),
            (top + tall * 0.14, r * 0.6),
            (top + tall * 0.5, r),
            (base - 16, r * 0.7),
            (base, r * 0.66),
        ],
        [
            (top, 14),
            (top + tall * 0.3, 18),
            (base - 50, 22),
            (base - 24, r),
            (base - 12, r * 1.4),
            (base, r * 1.4),
        ],
        [
            (top, 20),
            (top + tall * 0.1, r * 0.6),
            (top + tall * 0.5, r),
            (base - tall * 0.1, r * 0.6),
            (base, r * 0.5),
        ],
    )
    form = Lathe(cx, forms[look.shape])
    ground(c, cx, base + 3, form.foot * 1.3, form.foot * 0.34)
    turned(
        c,
        form,
        look.main,
        mix(look.main, "#fff8ec", 0.6),
        look.pattern if look.pattern in {"speckle", "rings", "dip", "sprig", "glaze"} else "plain",
        metal_or_glaze(look),
    )
    c.path(box(cx - 8, top - 46, 16, 54), sheen(c, "#c9a24b", "metal"))
    high = (150, 138, 130, 150)[look.shape] * k
    low = (132, 120, 104, 138)[look.shape] * k
    cloth_shade(c, look, cx, top - 30 - high, top - 26, (78, 100, 92, 60)[look.shape] * k, low)


def floor_lamp(c: Canvas, look: Look) -> None:
    """A tall lamp: straight, tripod, arched or reading."""
    stand(c, look.main, 470)
    cx = 300
    glow(c, cx, 150, 240, 0.6)
    fin = metal_or_glaze(look)
    if look.shape in {0, 2}:
        ground(c, cx, 548, 92, 20)
        c.path(oval(cx, 546, 86, 17), darker(look.main, 0.4))
        c.path(oval(cx, 541, 86, 17), sheen(c, look.main, fin))
        c.path(box(cx - 6, 190, 12, 352), sheen(c, look.main, fin))
        wide = 112 if look.shape == 0 else 84
        cloth_shade(
            c,
            look,
            cx,
            62 if look.shape == 0 else 40,
            206,
            wide * 0.66 if look.shape == 0 else wide,
            wide,
        )
    elif look.shape == 1:
        for x in (180, 312, 424):
            ground(c, x, 546 if x != 312 else 512, 14, 5)
        rod(c, (300, 240), (312, 512), 13, darker(look.main, 0.25))
        rod(c, (296, 236), (180, 548), 15, look.main)
        rod(c, (304, 236), (424, 548), 15, look.main)
        c.path(oval(300, 236, 24, 10), sheen(c, "#c9a24b", "metal"))
        cloth_shade(c, look, cx, 66, 224, 92, 124)
    else:
        ground(c, 380, 548, 88, 20)
        c.path(oval(380, 542, 84, 17), sheen(c, look.main, fin))
        arc = curve([(380, 540), (380, 330), (366, 170), (290, 108), (214, 140), (206, 176)])
        c.stroke(arc, darker(look.main, 0.4), 12)
        c.stroke(arc, lighter(look.main, 0.35), 5, transform="translate(-2 -1)")
        dome = Lathe(206, [(172, 20), (196, 62), (246, 92)], 0.2)
        glow(c, 206, 270, 130, 0.8)
        body(c, dome, look.accent, "gloss")
        c.path(oval(206, 246, 92, 18), lighter(WARM, 0.6))


def pendant(c: Canvas, look: Look) -> None:
    """A lamp that hangs on its cord."""
    hang(c, look.main)
    k, cx = look.size, 300
    top = 206
    glow(c, cx, 410, 250, 0.75)
    forms = (
        [(top, 26), (top + 26, 70), (top + 90, 150), (top + 176, 176)],
        [(top, 22), (top + 40, 96), (top + 120, 142), (top + 200, 112)],
        [(top, 20), (top + 30, 34), (top + 100, 66), (top + 190, 174)],
        [(top, 34), (top + 14, 120), (top + 150, 132), (top + 170, 132)],
    )
    form = Lathe(cx, [(y, r * k) for y, r in forms[look.shape]], 0.17)
    c.stroke(f"M{cx} 0V{top}", "#4a4038", 5)
    c.path(box(cx - 17, top - 40, 34, 44, 6), sheen(c, "#c9a24b", "metal"))
    if look.material in {"wicker", "paper", "linen", "rattan"}:
        c.path(
            form.outline(),
            c.linear(
                (0, darker(look.main, 0.28)),
                (0.35, lighter(look.main, 0.4)),
                (1, darker(look.main, 0.3)),
            ),
        )
        with c.clip(form.outline()):
            if look.material in {"wicker", "rattan"}:
                c.path(box(100, 190, 400, 260), weave(c, "wicker", look.main))
            else:
                for i in range(1, 10):
                    c.stroke(form.ring(top + i * 21), darker(look.main, 0.4), 2, op=0.4)
            glow(c, cx, 380, 150, 0.8)
    else:
        turned(c, form, look.main, look.accent, look.pattern, metal_or_glaze(look))
    y, r = form.bottom, form.foot
    c.path(oval(cx, y, r, r * 0.17), darker(look.main, 0.3))
    c.path(
        oval(cx, y, r - 6, r * 0.17 - 3),
        c.radial((0, "#fffbea"), (0.5, WARM), (1, mix(WARM, look.main, 0.45))),
    )
    c.path(oval(cx, y - 2, 30, 18), "#fffdf4")


def desk_lamp(c: Canvas, look: Look) -> None:
    """A jointed lamp with a metal head."""
    stand(c, look.main)
    k = look.size
    ground(c, 350, 496, 90 * k, 22 * k)
    fin = "gloss" if look.material not in METALS else "metal"
    c.path(oval(350, 488, 84, 20), darker(look.main, 0.45))
    c.path(oval(350, 480, 84, 20), sheen(c, look.main, fin))
    arm = look.accent
    elbow = ((430, 330), (420, 300), (350, 250), (440, 350))[look.shape]
    head = ((270, 190), (280, 160), (230, 180), (262, 230))[look.shape]
    if look.shape == 2:
        bow = curve([(350, 476), (356, 330), (340, 210), (280, 160), (232, 180)])
        c.stroke(bow, darker(arm, 0.35), 13)
        c.stroke(bow, lighter(arm, 0.35), 5, transform="translate(-2 -1)")
    else:
        rod(c, (350, 478), elbow, 13, arm, fin)
        rod(c, elbow, head, 13, arm, fin)
        for x, y in (elbow, (350, 472)):
            c.path(
                oval(x, y, 15, 15),
                c.radial(
                    (0, lighter("#c9a24b", 0.5)),
                    (1, darker("#c9a24b", 0.35)),
                    at=(0.35, 0.3),
                    r=0.7,
                ),
            )
    glow(c, head[0] - 50, head[1] + 100, 170, 0.75)
    with c.group(transform=f"rotate({(28, 34, 24, 20)[look.shape]} {head[0]} {head[1]})"):
        dome = Lathe(
            head[0],
            [(head[1] - 26, 18), (head[1] + 4, 40), (head[1] + 62, (82, 70, 88, 94)[look.shape])],
            0.24,
        )
        body(c, dome, look.main, fin)
        low, r = dome.bottom, dome.foot
        c.path(oval(head[0], low, r, r * 0.24), darker(look.main, 0.2))
        c.path(
            oval(head[0], low, r - 5, r * 0.24 - 3),
            c.radial((0, "#fffbea"), (0.6, WARM), (1, mix(WARM, look.main, 0.4))),
        )
