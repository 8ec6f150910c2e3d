"""Bags, wallets, umbrellas and flasks."""

from __future__ import annotations

from .colour import darker, lighter
from .lathe import sheen
from .scene import cast, ground, stand
from .surface import cloth
from .svg import Canvas, Look, box, oval

BRASS = "#c9a24b"


def _light(c: Canvas, d: str) -> None:
    c.path(
        d,
        c.linear(
            (0, "#2b2029", 0.12), (0.16, "#fff", 0.26), (0.42, "#fff", 0), (1, "#2b2029", 0.36)
        ),
    )
    c.path(d, c.linear((0.6, "#2b2029", 0), (1, "#2b2029", 0.26), to=(0, 1)))


def stitch(c: Canvas, d: str, colour: str) -> None:
    """A line of stitches in a lighter thread."""
    c.path(d, stroke=lighter(colour, 0.45), sw=2, stroke_dasharray="7 5", op=0.8)


def _buckle(c: Canvas, x: float, y: float, w: float = 30) -> None:
    c.path(box(x - w / 2, y, w, w * 0.8, 4), stroke=darker(BRASS, 0.1), sw=5)
    c.stroke(f"M{x:g} {y:g}v{w * 0.8:g}", lighter(BRASS, 0.4), 3)


def backpack(c: Canvas, look: Look) -> None:
    """A rucksack: roll-top, flap, zipped or drawstring."""
    stand(c, look.main, 440)
    m, a = look.main, look.accent
    ground(c, 300, 528, 150, 26)
    c.stroke("M258 120Q262 70 300 70Q338 70 342 120", darker(a, 0.2), 14)
    for way in (-1, 1):
        c.stroke(f"M{300 + way * 140} 220q{way * 44} 100 {way * 10} 250", darker(a, 0.3), 20)
    body = "M176 210Q176 116 300 112Q424 116 424 210L438 486Q438 530 396 530H204Q162 530 162 486Z"
    cloth(c, body, m, look.pattern, a)
    _light(c, body)
    if look.shape in {0, 3}:
        flap = "M170 206Q176 112 300 108Q424 112 430 206L424 300Q300 330 176 300Z"
        cast(c, flap, 2, 12, 7, 0.34)
        cloth(c, flap, m, look.pattern, a, step=0.07)
        _light(c, flap)
        for x in (232, 368) if look.shape == 0 else (300,):
            c.path(
                box(x - 14, 250, 28, 150, 5), c.linear((0, lighter(a, 0.15)), (1, darker(a, 0.3)))
            )
            _buckle(c, x, 330, 38)
        stitch(c, "M186 296Q300 322 414 296", m)
    elif look.shape == 1:
        roll = box(180, 104, 240, 52, 26)
        c.path(roll, sheen(c, darker(m, 0.12), upright=True))
        c.path(oval(186, 130, 14, 25), darker(m, 0.35))
        c.path(box(284, 100, 32, 190, 5), c.linear((0, lighter(a, 0.15)), (1, darker(a, 0.3))))
        _buckle(c, 300, 216, 42)
    else:
        c.path("M190 230Q192 142 300 138Q408 142 410 230", stroke=darker(m, 0.5), sw=8)
        c.path(
            "M190 230Q192 142 300 138Q408 142 410 230", stroke=BRASS, sw=3, stroke_dasharray="5 4"
        )
        c.path(box(402, 226, 14, 34, 5), sheen(c, BRASS, "metal"))
    pocket = box(206, 376, 188, 126, 20)
    cast(c, pocket, 2, 8, 6, 0.26)
    cloth(c, pocket, m, "plain", a, step=0.04)
    _light(c, pocket)
    stitch(c, box(216, 386, 168, 106, 14), m)
    c.path(box(206, 376, 188, 34, 12), c.linear((0, lighter(a, 0.1)), (1, darker(a, 0.25))))
    c.path(box(276, 430, 48, 36, 4), a, op=0.9)


def tote(c: Canvas, look: Look) -> None:
    """A tote, shopper or market bag."""
    stand(c, look.main, 440)
    m, a = look.main, look.accent
    w, h = ((150, 290), (176, 250), (130, 320), (190, 230))[look.shape]
    top = 524 - h
    ground(c, 300, 522, w * 0.98, 22)
    for push, colour in ((12, darker(a, 0.4)), (0, a)):
        arch = (
            f"M{300 - w * 0.45 + push:g} {top + 70 - push:g}Q{300 - w * 0.44 + push:g} "
            f"{top - 140:g} {300 + push / 2:g} {top - 142:g}Q{300 + w * 0.44 + push:g} "
            f"{top - 140:g} {300 + w * 0.45 + push:g} {top + 70 - push:g}"
        )
        c.stroke(arch, darker(colour, 0.25), 16)
        c.stroke(arch, colour, 10)
        if push:
            c.path(
                (
                    f"M{300 - w:g} {top:g}L{300 - w + 16:g} {top - 14:g}H{300 + w - 10:g}"
                    f"L{300 + w:g} {top:g}Z"
                ),
                darker(m, 0.5),
            )
    d = (
        f"M{300 - w:g} {top:g}Q300 {top + 10:g} {300 + w:g} {top:g}L{300 + w * 0.95:g} "
        f"{512}Q{300 + w * 0.9:g} 526 {300 + w * 0.8:g} 526H{300 - w * 0.8:g}"
        f"Q{300 - w * 0.92:g} 526 {300 - w * 0.95:g} 512Z"
    )
    cloth(c, d, m, look.pattern, a)
    with c.clip(d):
        if look.shape % 2:
            c.path(box(100, 440, 400, 100), c.linear((0, lighter(a, 0.1)), (1, darker(a, 0.25))))
            stitch(c, "M100 448h400", a)
        for x, op in ((-0.6, 0.14), (0.1, 0.1), (0.62, 0.16)):
            c.path(
                f"M{300 + w * x:g} {top:g}q20 120 -6 {h:g}h30q10 -140 -24 -{h:g}z",
                c.linear((0, "#2b2029", op), (1, "#2b2029", 0)),
            )
    _light(c, d)
    for way in (-1, 1):
        x = 300 + way * w * 0.45
        c.path(
            box(x - 9, top + 6, 18, 84, 3), c.linear((0, lighter(a, 0.15)), (1, darker(a, 0.28)))
        )
        stitch(c, box(x - 6, top + 58, 12, 28), a)
    if look.pattern == "plain" and look.shape % 2 == 0:
        c.path(
            "M300 420q-50 -16 -14 -86q56 28 14 86zM310 414q14 -50 66 -44q-12 46 -66 44z", a, op=0.9
        )


def holdall(c: Canvas, look: Look) -> None:
    """A weekend bag."""
    stand(c, look.main, 440)
    m, a = look.main, look.accent
    w, h = ((210, 190), (190, 210), (220, 160), (200, 180))[look.shape]
    top = 520 - h
    ground(c, 300, 518, w * 1.0, 28)
    c.stroke(
        (
            f"M{300 - w * 0.5:g} {top + 60:g}Q{300 - w * 0.42:g} {top - 116:g} 312 "
            f"{top - 118:g}Q{300 + w * 0.5:g} {top - 116:g} {300 + w * 0.52:g} "
            f"{top + 50:g}"
        ),
        darker(a, 0.45),
        15,
    )
    d = (
        f"M{300 - w * 0.86:g} {top:g}Q300 {top - 26:g} {300 + w * 0.86:g} {top:g}"
        f"Q{300 + w:g} {top + 30:g} {300 + w:g} {top + h * 0.6:g}Q{300 + w * 1.02:g} 520 "
        f"{300 + w * 0.9:g} 520H{300 - w * 0.9:g}Q{300 - w * 1.02:g} 520 {300 - w:g} "
        f"{top + h * 0.6:g}Q{300 - w:g} {top + 30:g} {300 - w * 0.86:g} {top:g}Z"
    )
    cloth(c, d, m, look.pattern, a)
    with c.clip(d):
        c.path(
            box(60, 462, 480, 70), c.linear((0, lighter(a, 0.12)), (1, darker(a, 0.3)), to=(1, 0.3))
        )
        stitch(c, "M60 470h480", a)
        for way in (-1, 1):
            c.path(
                box(300 + way * w * 0.5 - 15, top - 30, 30, h + 40),
                c.linear((0, lighter(a, 0.12)), (1, darker(a, 0.28))),
            )
    _light(c, d)
    c.path(
        f"M{300 - w * 0.8:g} {top + 6:g}Q300 {top - 20:g} {300 + w * 0.8:g} {top + 6:g}",
        stroke=darker(m, 0.55),
        sw=9,
    )
    c.path(
        f"M{300 - w * 0.8:g} {top + 6:g}Q300 {top - 20:g} {300 + w * 0.8:g} {top + 6:g}",
        stroke=BRASS,
        sw=3,
        stroke_dasharray="5 4",
    )
    front = (
        f"M{300 - w * 0.5:g} {top + 70:g}Q{300 - w * 0.48:g} {top - 96:g} 300 {top - 98:g}"
        f"Q{300 + w * 0.48:g} {top - 96:g} {300 + w * 0.5:g} {top + 70:g}"
    )
    c.stroke(front, darker(a, 0.25), 17)
    c.stroke(front, lighter(a, 0.1), 9)
    for way in (-1, 1):
        c.path(
            oval(300 + way * w * 0.5, top + 74, 11, 11),
            c.radial((0, lighter(BRASS, 0.6)), (1, darker(BRASS, 0.4)), at=(0.35, 0.3), r=0.7),
        )
    c.path(
        box(300 + w * 0.62, top + 60, 34, 62, 6),
        c.linear((0, lighter(a, 0.15)), (1, darker(a, 0.25))),
    )


def washbag(c: Canvas, look: Look) -> None:
    """A washbag with a zip."""
    stand(c, look.main)
    m, a = look.main, look.accent
    w, h = ((180, 150), (160, 170), (195, 130), (170, 150))[look.shape]
    top = 490 - h
    ground(c, 300, 488, w, 24)
    c.path(
        (
            f"M{300 - w * 0.8:g} {top:g}L{300 - w * 0.66:g} {top - 30:g}"
            f"H{300 + w * 0.74:g}L{300 + w * 0.84:g} {top:g}Z"
        ),
        darker(m, 0.2),
    )
    d = (
        f"M{300 - w * 0.86:g} {top:g}H{300 + w * 0.86:g}Q{300 + w * 1.04:g} "
        f"{top + h * 0.6:g} {300 + w * 0.9:g} 490H{300 - w * 0.9:g}Q{300 - w * 1.04:g} "
        f"{top + h * 0.6:g} {300 - w * 0.86:g} {top:g}Z"
    )
    cloth(c, d, m, look.pattern, a)
    with c.clip(d):
        if look.shape % 2 == 0:
            c.path(
                box(80, 440, 440, 60),
                c.linear((0, lighter(a, 0.12)), (1, darker(a, 0.28)), to=(1, 0.2)),
            )
            stitch(c, "M80 448h440", a)
    _light(c, d)
    zip_d = f"M{300 - w * 0.8:g} {top - 12:g}H{300 + w * 0.8:g}"
    c.stroke(zip_d, darker(m, 0.55), 16)
    c.path(zip_d, stroke=BRASS, sw=5, stroke_dasharray="5 3")
    c.path(box(300 + w * 0.62, top - 14, 12, 20, 4), sheen(c, BRASS, "metal"))
    c.path(
        box(300 + w * 0.6, top + 4, 20, 64, 6), c.linear((0, lighter(a, 0.15)), (1, darker(a, 0.3)))
    )
    loop = f"M{300 - w * 0.9:g} {top + 40:g}q-46 10 -40 50q8 22 44 14"
    c.stroke(loop, darker(a, 0.3), 15)
    c.stroke(loop, a, 9)
    c.path(box(262, top + h * 0.36, 76, 40, 4), lighter(a, 0.06))
