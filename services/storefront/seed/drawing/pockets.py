"""Wallets, umbrellas and flasks: what goes in a pocket or a hand."""

from __future__ import annotations

import math

from .colour import darker, lighter
from .lathe import Lathe, finish_off, sheen, turned
from .luggage import stitch
from .scene import cast, ground, hang, lay, stand
from .svg import Canvas, Look, box, curve, num, oval, pt

BRASS = "#c9a24b"


def wallet(c: Canvas, look: Look) -> None:
    """A wallet, card holder, coin purse or passport cover."""
    lay(c, look.main)
    m, a = look.main, look.accent
    w, h = ((190, 135), (165, 112), (150, 120), (140, 195))[look.shape]
    with c.group(transform=f"rotate({(-12, 14, -8, 11)[look.shape]} 300 300)"):
        d = box(300 - w, 300 - h, 2 * w, 2 * h, (16, 14, 70, 12)[look.shape])
        if look.shape == 1:
            for i, ink in enumerate((a, lighter(m, 0.5))):
                card = box(300 - w + 20, 300 - h - 44 + i * 22, 2 * w - 40, 120, 12)
                cast(c, card, 4, 8, 5, 0.2)
                c.path(card, c.linear((0, lighter(ink, 0.3)), (1, darker(ink, 0.1)), to=(1, 1)))
        cast(c, d, 12, 18, 9, 0.4)
        c.path(d, darker(m, 0.4), transform="translate(3 6)")
        c.path(d, c.linear((0, lighter(m, 0.24)), (0.45, m), (1, darker(m, 0.3)), to=(1, 1)))
        spots = [
            (300 + look.dice.between(-w, w), 300 + look.dice.between(-h, h)) for _ in range(36)
        ]
        with c.clip(d):
            c.dots(spots, darker(m, 0.4), 3, 0.16)
            if look.pattern in {"stripes", "band", "dip"}:
                c.path(
                    box(300 + w * 0.3, 100, 70 if look.pattern != "dip" else 400, 400), a, op=0.9
                )
            if look.shape == 0:
                c.path(
                    box(300 - 8, 100, 16, 400),
                    c.linear((0, "#2b2029", 0.3), (0.5, "#fff", 0.14), (1, "#2b2029", 0.2)),
                )
            if look.shape == 1:
                c.stroke(
                    f"M{300 - w} {300 - h + 60}Q300 {300 - h + 110} {300 + w} {300 - h + 60}",
                    "#2b2029",
                    4,
                    op=0.35,
                )
        inset = 300 - w + 12, 300 - h + 12
        stitch(c, box(*inset, 2 * w - 24, 2 * h - 24, (8, 8, 60, 6)[look.shape]), m)
        if look.shape == 2:
            c.path(f"M{300 - w + 30} {300 - h * 0.55}H{300 + w - 30}", stroke=darker(m, 0.5), sw=9)
            c.path(
                f"M{300 - w + 30} {300 - h * 0.55}H{300 + w - 30}",
                stroke=BRASS,
                sw=4,
                stroke_dasharray="5 4",
            )
            c.path(box(300 + w - 56, 300 - h * 0.55, 13, 52, 5), sheen(c, BRASS, "metal"))
        elif look.shape == 3:
            c.path(oval(300, 270, 50, 50), stroke=lighter(m, 0.4), sw=3, op=0.7)
            c.path(
                oval(300, 270, 22, 50) + "M250 270h100M300 220v100",
                stroke=lighter(m, 0.4),
                sw=2.5,
                op=0.7,
            )
        else:
            c.path(
                oval(300 + w - 40, 300, 12, 12),
                c.radial((0, lighter(BRASS, 0.6)), (1, darker(BRASS, 0.4)), at=(0.35, 0.3), r=0.7),
            )
            c.path(
                f"M{300 - w + 52} {300 + h - 36}q-14 -6 -4 -24q16 8 4 24z", darker(m, 0.45), op=0.8
            )


def umbrella(c: Canvas, look: Look) -> None:
    """An umbrella: open, or furled beside its shadow."""
    hang(c, look.main)
    m, a = look.main, look.accent
    handle = ("#8a5d3b", "#c39a63", "#3a2f2e", "#b5714a")[look.shape]
    if look.shape % 2 == 0:
        hook = "M300 250V500q0 40 -34 40q-32 0 -30 -34"
        c.stroke(hook, "#2b2029", 14, op=0.2, transform="translate(14 18)")
        c.stroke("M300 120V420", "#a9aeb1", 8)
        c.stroke("M300 410V500q0 40 -34 40q-32 0 -30 -34", darker(handle, 0.3), 18)
        c.stroke("M300 410V500q0 40 -34 40q-32 0 -30 -34", lighter(handle, 0.12), 11)
        dome = (
            "M70 320Q80 130 300 122Q520 130 530 320Q492 292 453 318Q414 290 376 320Q338 "
            "290 300 320Q262 290 224 320Q186 290 147 318Q108 292 70 320Z"
        )
        cast(c, dome, 16, 22, 13, 0.3)
        c.path(dome, m)
        ribs = (70, 147, 224, 300, 376, 453, 530)
        with c.clip(dome):
            for i in range(6):
                x1, x2 = ribs[i], ribs[i + 1]
                colour = a if look.pattern in {"stripes", "check"} and i % 2 else m
                gore = (
                    f"M300 122Q{num(300 + (x1 - 300) * 0.95)} 150 {x1} 330H{x2}"
                    f"Q{num(300 + (x2 - 300) * 0.95)} 150 300 122Z"
                )
                step = (0.2, 0.12, 0.03, 0, 0, 0)[i], (0, 0, 0, 0.1, 0.2, 0.32)[i]
                c.path(gore, darker(lighter(colour, step[0]), step[1]))
            if look.pattern in {"band", "dip"}:
                c.path("M70 320Q80 130 300 122Q520 130 530 320", stroke=a, sw=22)
                c.path("M40 296H560V350H40Z", a, op=0.9)
            if look.pattern == "dots":
                c.dots(
                    [
                        (x, y)
                        for y in range(150, 330, 40)
                        for x in range(84 + (y // 40 % 2) * 24, 540, 48)
                    ],
                    a,
                    13,
                )
        for x in ribs[1:-1]:
            c.stroke(f"M300 122Q{num(300 + (x - 300) * 0.95)} 150 {x} 318", "#2b2029", 2, op=0.3)
        c.path(dome, c.linear((0, "#fff", 0.25), (0.4, "#fff", 0), (1, "#2b2029", 0.2)))
        c.path(box(296, 84, 8, 42, 4), sheen(c, BRASS, "metal"))
        return
    with c.group(transform=f"rotate({(0, 28, 0, -24)[look.shape]} 300 300)"):
        body = (
            curve(
                [
                    (278, 176),
                    (262, 260),
                    (268, 380),
                    (292, 500),
                    (300, 520),
                    (308, 500),
                    (334, 380),
                    (340, 260),
                    (322, 176),
                    (278, 176),
                ]
            )
            + "Z"
        )
        crook = "M300 176V90q0 -44 38 -44q34 0 32 38"
        c.stroke(crook, "#2b2029", 17, op=0.22, transform="translate(14 18)")
        cast(c, body, 14, 18, 10, 0.36)
        c.path(box(296, 500, 8, 54, 4), sheen(c, BRASS, "metal"))
        c.path(body, sheen(c, m))
        with c.clip(body):
            for i in range(5):
                x = 266 + i * 16
                colour = a if look.pattern in {"stripes", "check", "band", "dots"} and i % 2 else m
                c.path(f"M{x} 170Q{x - 8} 330 300 520L{x + 12} 170Z", colour, op=0.8)
                c.stroke(f"M{x + 12} 170Q{x + 8} 330 302 520", "#2b2029", 4, op=0.3)
            c.path(box(240, 290, 120, 26), c.linear((0, lighter(a, 0.2)), (1, darker(a, 0.3))))
        c.path(oval(318, 303, 7, 7), lighter(BRASS, 0.4))
        c.stroke(crook, darker(handle, 0.3), 20)
        c.stroke(crook, lighter(handle, 0.12), 12)
        c.stroke("M296 170V92", lighter(handle, 0.5), 3, op=0.6)
        c.path(box(287, 164, 26, 18, 3), sheen(c, BRASS, "metal"))


def flask(c: Canvas, look: Look) -> None:
    """A vacuum flask or a drinking bottle."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 500
    tall, r = (300, 260, 330, 220)[look.shape] * k, (66, 72, 58, 84)[look.shape] * k
    top = base - tall
    form = Lathe(
        cx, [(top, r * 0.7), (top + 26, r * 0.76), (top + 60, r), (base - 8, r), (base, r * 0.92)]
    )
    ground(c, cx, base + 2, r * 1.1, r * 0.28)
    turned(
        c,
        form,
        look.main,
        look.accent,
        look.pattern,
        "gloss" if look.material != "steel" else "metal",
    )
    cap = Lathe(cx, [(top - 58 * k, r * 0.66), (top - 52 * k, r * 0.72), (top + 2, r * 0.74)])
    c.path(form.band(top, top + 8), "#2b2029", op=0.3)
    c.path(cap.outline(), sheen(c, look.accent, "matte" if look.shape % 2 else "metal"))
    finish_off(c, cap)
    c.path(oval(cx, top - 58 * k, r * 0.66, r * 0.132), lighter(look.accent, 0.35))
    if look.shape in {1, 3}:
        arch = (
            f"M{num(cx - r * 0.62)} {num(top - 30)}Q{num(cx - r * 0.6)} {num(top - 112)} "
            f"{cx} {num(top - 114)}Q{num(cx + r * 0.6)} {num(top - 112)} "
            f"{num(cx + r * 0.62)} {num(top - 30)}"
        )
        c.stroke(arch, darker("#8a5d3b", 0.35), 13)
        c.stroke(arch, "#a87446", 7)
    mid = top + tall * 0.6
    if look.pattern == "plain":
        leaf = "".join(
            (
                f"M{pt(cx, mid)}q{num(18 * math.cos(t))} {num(18 * math.sin(t) - 14)} "
                f"{num(26 * math.cos(t))} {num(30 * math.sin(t) - 18)}"
            )
            for t in (0.4, 1.2, 1.9, 2.7)
        )
        c.stroke(
            f"M{cx} {num(mid + 40)}V{num(mid - 20)}" + leaf, lighter(look.accent, 0.2), 5, op=0.85
        )
