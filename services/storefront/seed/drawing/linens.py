"""Towels, aprons and mats."""

from __future__ import annotations

from .colour import darker, lighter
from .scene import cast, ground, hang, lay, stand
from .surface import cloth
from .svg import Canvas, Look, box, num, oval


def stack(c: Canvas, look: Look) -> None:
    """Folded towels, one on another."""
    stand(c, look.main)
    count = (3, 2, 4, 3)[look.shape]
    thick = (66, 82, 54, 60)[look.shape]
    ground(c, 300, 488, 185, 28)
    for i in range(count):
        colour = (
            look.main
            if i % 2 == 0
            else (look.accent if look.shape in {0, 2} else lighter(look.main, 0.3))
        )
        y = 486 - (i + 1) * thick
        x1, x2 = 124 + look.dice.between(0, 10) + i * 3, 478 - look.dice.between(0, 10) - i * 3
        d = (
            f"M{num(x1)} {num(y + 8)}H{num(x2 - 30)}Q{num(x2)} {num(y + 8)} {num(x2)} "
            f"{num(y + thick / 2)}Q{num(x2)} {num(y + thick)} {num(x2 - 30)} "
            f"{num(y + thick)}H{num(x1)}Q{num(x1 - 5)} {num(y + thick * 0.75)} {num(x1)} "
            f"{num(y + thick / 2 + 2)}Q{num(x1 - 5)} {num(y + thick * 0.3)} {num(x1)} "
            f"{num(y + 8)}Z"
        )
        cloth(c, d, colour, look.pattern, look.accent if colour == look.main else look.main)
        c.path(d, c.linear((0, "#fff", 0.3), (0.4, "#fff", 0), (1, "#2b2029", 0.34), to=(0, 1)))
        c.stroke(f"M{num(x1 + 2)} {num(y + thick / 2 + 4)}H{num(x2 - 26)}", "#2b2029", 3, op=0.25)
        c.stroke(
            f"M{num(x2 - 30)} {num(y + 16)}q22 {num(thick / 2 - 10)} 0 {num(thick - 24)}",
            "#2b2029",
            3,
            op=0.12,
        )
    top = 486 - count * thick + 8
    lid = f"M{132 + count * 3} {top}L176 {top - 20}H450Q466 {top - 12} {462 - count * 3} {top}Z"
    colour = (
        look.main
        if count % 2
        else (look.accent if look.shape in {0, 2} else lighter(look.main, 0.3))
    )
    cloth(
        c, lid, colour, look.pattern, look.accent if colour == look.main else look.main, step=0.12
    )
    c.path(lid, c.linear((0, "#fff", 0.3), (1, "#fff", 0.05)))


def hanging(c: Canvas, look: Look) -> None:
    """A tea towel over a peg, with its folds."""
    hang(c, look.main)
    left, right, foot = (190, 404, (500, 480, 520, 470)[look.shape])
    d = (
        f"M300 118Q262 150 {left} 210Q{left - 10} 360 {left + 4} {foot}"
        f"Q{(left + right) / 2} {foot + 16} {right} {foot - 8}Q{right + 12} 350 {right} "
        "206Q340 150 300 118Z"
    )
    cast(c, d, 16, 16, 12, 0.28)
    cloth(c, d, look.main, look.pattern, look.accent, turn=(0, 3, 0, -3)[look.shape])
    with c.clip(d):
        for x1, x2, op in ((300, 240, 0.2), (300, 284, 0.16), (302, 338, 0.2), (304, 378, 0.14)):
            fold = (
                f"M{x1} 120Q{x2 - 6} 220 {x2} {foot + 20}L{x2 + 26} {foot + 20}Q{x2 + 12} "
                f"240 {x1} 120Z"
            )
            c.path(fold, c.linear((0, "#2b2029", op), (1, "#2b2029", 0)))
            c.path(fold, "#fff", op=0.12, transform="translate(-22 0)")
        c.path(box(150, foot - 44, 300, 7), look.accent, op=0.8)
        c.path(box(150, foot - 30, 300, 3), look.accent, op=0.8)
    c.stroke("M300 122q-12 -22 0 -30q12 8 0 30", darker(look.main, 0.4), 5)
    c.path(oval(300, 96, 15, 15), c.radial((0, "#e3c094"), (1, "#7d5833"), at=(0.35, 0.3), r=0.75))


def apron(c: Canvas, look: Look) -> None:
    """An apron on a hook."""
    hang(c, look.main)
    strap = "M232 176Q240 84 300 66Q360 84 368 176"
    c.stroke(strap, darker(look.accent if look.shape % 2 else look.main, 0.2), 13)
    d = "M230 170Q300 186 370 170Q374 236 436 282L446 520Q300 546 154 520L164 282Q226 236 230 170Z"
    cast(c, d, 16, 16, 12, 0.3)
    for way in (-1, 1):
        c.stroke(f"M{300 + way * 134} 292q{way * 40} 40 {way * 26} 150", darker(look.main, 0.25), 9)
    cloth(c, d, look.main, look.pattern, look.accent)
    with c.clip(d):
        for x, op in ((200, 0.18), (268, 0.1), (352, 0.16), (412, 0.2)):
            c.path(
                f"M{x} 290q14 120 4 260h34q-8 -130 -38 -260z",
                c.linear((0, "#2b2029", op), (1, "#2b2029", 0)),
            )
    pocket = (
        box(208, 346, 184, 104, 10)
        if look.shape != 2
        else box(184, 350, 104, 104, 10) + box(312, 350, 104, 104, 10)
    )
    cloth(c, pocket, look.main, "plain", look.accent, step=0.07)
    c.path(pocket, stroke=look.accent, sw=2.5, op=0.9, stroke_dasharray="7 5")
    c.path(d, c.linear((0, "#fff", 0.22), (0.4, "#fff", 0), (1, "#2b2029", 0.24), to=(1, 0.7)))
    for x in (236, 364):
        c.path(oval(x, 186, 7, 7), c.radial((0, "#f6e3ac"), (1, "#7e6224"), at=(0.35, 0.3), r=0.7))


def mat(c: Canvas, look: Look) -> None:
    """A bath mat or doormat lying at a slant, one corner folded."""
    lay(c, look.main)
    w, h = ((215, 140), (190, 150), (225, 125), (200, 160))[look.shape]
    with c.group(transform=f"rotate({(-12, 10, -18, 14)[look.shape]} 300 300)"):
        d = (
            f"M{300 - w} {300 - h}H{300 + w}V{300 + h - 70}L{300 + w - 80} {300 + h}H{300 - w}Z"
            if look.shape % 2
            else box(300 - w, 300 - h, 2 * w, 2 * h, 8)
        )
        cast(c, d, 10, 14, 8, 0.36)
        c.path(d, darker(look.main, 0.45), transform="translate(3 8)")
        cloth(c, d, look.main, look.pattern, look.accent)
        c.path(
            box(300 - w + 16, 300 - h + 16, 2 * w - 32, 2 * h - 32, 4),
            stroke=look.accent,
            sw=5,
            op=0.6 if look.shape % 2 == 0 else 0,
        )
        c.path(d, c.linear((0, "#fff", 0.24), (0.5, "#fff", 0), (1, "#2b2029", 0.2), to=(1, 1)))
        if look.shape % 2:
            fold = (
                f"M{300 + w} {300 + h - 70}L{300 + w - 80} {300 + h}Q{300 + w - 78} "
                f"{300 + h - 56} {300 + w} {300 + h - 70}Z"
            )
            cast(c, fold, -6, -4, 4, 0.3)
            c.path(
                fold,
                c.linear((0, lighter(look.main, 0.35)), (1, darker(look.main, 0.1)), to=(1, 1)),
            )
