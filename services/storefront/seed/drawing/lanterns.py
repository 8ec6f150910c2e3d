"""Lamps that stand outdoors or hang on a wall."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .lamps import cloth_shade, glow, metal_or_glaze
from .lathe import sheen
from .scene import cast, ground, hang, stand
from .svg import Canvas, Look, box, curve, oval

METALS = {"brass", "steel", "copper", "iron", "aluminium"}
WARM = "#ffdf9e"


def lantern(c: Canvas, look: Look) -> None:
    """A lantern with a candle behind glass."""
    stand(c, look.main)
    k = look.size
    cx, base = 300, 494
    tall, w = (240, 200, 280, 220)[look.shape] * k, (150, 170, 128, 160)[look.shape] * k
    top = base - tall
    glow(c, cx, base - tall * 0.45, 230, 0.6)
    ground(c, cx, base, w * 0.62, 22)
    x = cx - w / 2
    c.path(
        box(x, top, w, tall),
        c.linear((0, "#fff7dd", 0.7), (0.5, "#ffeab8", 0.45), (1, "#f0dcae", 0.6)),
    )
    wax = "#f6ead0"
    c.path(box(cx - 24, base - 90, 48, 76, 4), sheen(c, wax))
    c.stroke(f"M{cx} {base - 90}v-14", "#3a2c26", 4)
    c.path(
        curve(
            [
                (cx, base - 150),
                (cx + 12, base - 116),
                (cx, base - 98),
                (cx - 12, base - 116),
                (cx, base - 150),
            ]
        )
        + "Z",
        c.linear((0, "#ffe9b0"), (0.6, "#ffb84d"), (1, "#e2762f"), to=(0, 1)),
    )
    c.stroke(f"M{x + 22:g} {top + 20:g}L{x + 22:g} {base - 40:g}", "#fff", 7, op=0.55)
    fin = "metal" if look.material in METALS else "matte"
    for px in (x, x + w - 12) if look.shape != 1 else (x, cx - 6, x + w - 12):
        c.path(box(px, top, 12, tall), sheen(c, look.main, fin))
    c.path(box(x - 8, base - 16, w + 16, 20, 4), sheen(c, look.main, fin))
    c.path(
        f"M{x - 12:g} {top + 8:g}L{cx - 30:g} {top - 54:g}H{cx + 30:g}L{x + w + 12:g} {top + 8:g}Z",
        sheen(c, look.main, fin),
    )
    c.path(box(cx - 22, top - 72, 44, 20, 5), sheen(c, look.main, fin))
    ring = curve(
        [
            (cx - 24, top - 72),
            (cx - 34, top - 110),
            (cx, top - 134),
            (cx + 34, top - 110),
            (cx + 24, top - 72),
        ]
    )
    c.stroke(ring, darker(look.accent, 0.35), 8)
    c.stroke(ring, lighter(look.accent, 0.3), 3)


def wall_lamp(c: Canvas, look: Look) -> None:
    """A lamp on a wall plate."""
    hang(c, look.main)
    glow(c, 320, 330, 260, 0.65)
    plate = box(160, 250, 56, 150, 28) if look.shape % 2 else oval(190, 326, 52, 52)
    cast(c, plate, 10, 14, 9)
    c.path(plate, sheen(c, look.main, metal_or_glaze(look)))
    arm = curve([(192, 330), (260, 350), (330, 340), (340, 296)])
    c.stroke(arm, darker(look.main, 0.4), 14)
    c.stroke(arm, lighter(look.main, 0.4), 5, transform="translate(-1 -3)")
    c.path(oval(340, 300, 24, 10), sheen(c, look.main, metal_or_glaze(look)))
    if look.shape in {0, 3}:
        cloth_shade(c, look, 340, 160, 290, 56, 106)
    else:
        ball = oval(340, 226, 84, 84)
        c.path(
            ball,
            c.radial(
                (0, "#fffdf2"),
                (0.5, "#ffeab8"),
                (1, mix(look.accent, WARM, 0.5)),
                at=(0.42, 0.45),
                r=0.62,
            ),
        )
