"""Notebooks, pens and what keeps a desk in order."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .lathe import sheen
from .scene import cast, lay
from .surface import weave, wood
from .svg import Canvas, Look, box, num, oval

WOODS = {"oak", "walnut", "ash", "beech", "cherry", "birch"}


def notebook(c: Canvas, look: Look) -> None:
    """A notebook with a ribbon, a band, rings or a cloth spine."""
    lay(c, look.main)
    w, h = ((260, 350), (230, 330), (300, 300), (250, 380))[look.shape]
    x, y = 300 - w / 2, 300 - h / 2
    with c.group(transform=f"rotate({(-12, 10, -7, 14)[look.shape]} 300 300)"):
        if look.pattern == "dip":
            second = box(x + 26, y - 24, w, h, 10)
            cast(c, second, 12, 16, 9, 0.28)
            c.path(
                second,
                c.linear((0, lighter(look.accent, 0.2)), (1, darker(look.accent, 0.2)), to=(1, 1)),
            )
        d = box(x, y, w, h, 10)
        cast(c, d, 14, 18, 10, 0.38)
        c.path(box(x + 6, y + 7, w, h, 8), "#e6dcc6")
        c.path(box(x + 3, y + 4, w, h, 9), "#f7f1e2")
        c.path(
            d,
            c.linear(
                (0, lighter(look.main, 0.16)),
                (0.5, look.main),
                (1, darker(look.main, 0.16)),
                to=(1, 1),
            ),
        )
        if look.pattern in {
            "stripes",
            "dots",
            "check",
            "grid",
            "leaf",
            "wave",
            "herringbone",
            "herb",
            "ticking",
        }:
            with c.clip(d):
                c.path(box(x, y, w, h), weave(c, look.pattern, look.accent), op=0.75)
        c.path(d, weave(c, "plain", look.main))
        if look.shape in {0, 3}:
            with c.clip(d):
                c.path(box(x - 4, y, 42, h), look.accent)
                c.path(box(x - 4, y, 42, h), weave(c, "plain", look.main))
        c.path(box(x, y, 16, h, 8), c.linear((0, "#2b2029", 0.35), (1, "#2b2029", 0)))
        if look.shape == 1:
            band = x + w - 46
            c.path(
                box(band, y - 1, 12, h + 3),
                c.linear((0, lighter(look.accent, 0.15)), (1, darker(look.accent, 0.3))),
            )
        elif look.shape == 2:
            for i in range(11):
                yy = y + 20 + i * (h - 40) / 10
                c.stroke(f"M{num(x + 14)} {num(yy)}q-28 -8 -22 4q4 6 18 2", "#8f9496", 4)
        else:
            c.path(f"M{num(x + w * 0.62)} {num(y + h)}h16v46l-8 -10l-8 10z", look.accent)
        label = box(x + w * 0.3, y + h * 0.2, w * 0.5, h * 0.16, 4)
        if look.pattern in {"plain", "dip", "stripes"}:
            c.path(label, "#f8f0de")
            c.path(label, stroke=darker(look.main, 0.3), sw=2, op=0.4)
            c.stroke(
                (
                    f"M{num(x + w * 0.38)} {num(y + h * 0.26)}h{num(w * 0.34)}"
                    f"M{num(x + w * 0.42)} {num(y + h * 0.305)}h{num(w * 0.26)}"
                ),
                darker(look.main, 0.4),
                3,
                op=0.6,
            )
        c.path(d, stroke="#fff", sw=2, op=0.25)


def pen(c: Canvas, look: Look) -> None:
    """A fountain pen, ballpoint, brush pen or clutch pencil."""
    lay(c, look.main)
    metal = "#c9a24b" if look.shape % 2 == 0 else "#b9bdbf"
    with c.group(transform=f"rotate({-38 + look.dice.between(-5, 5):.0f} 300 300)"):
        thick = (38, 26, 44, 30)[look.shape]
        y = 300 - thick / 2
        barrel = box(170, y, 360, thick, thick / 2)
        nib = f"M172 {y + 4}L172 {y + thick - 4}L{(70, 104, 84, 96)[look.shape]} {300}Z"
        cast(c, barrel + nib, 6, 18, 7, 0.38)
        if look.shape == 0:
            c.path(
                "M176 288L176 312L128 312Q92 306 66 300Q92 294 128 288Z",
                c.linear((0, "#fbefc8"), (0.5, "#c9a24b"), (1, "#8b6b2a"), to=(0, 1)),
            )
            c.stroke("M70 300h66", "#5b4520", 2)
            c.path(oval(138, 300, 4, 4), "#5b4520")
            c.path("M230 287v26l-58 -4v-18z", "#35302f")
        elif look.shape == 2:
            c.path(nib, c.linear((0, "#e6cba0"), (1, "#a77d4c"), to=(0, 1)))
            c.path("M110 294v12L84 300z", darker(look.main, 0.5))
        else:
            c.path(nib, sheen(c, metal, "metal", upright=True))
        start = 230 if look.shape == 0 else 172
        body = box(start, y, 530 - start, thick, 9)
        c.path(body, sheen(c, look.main, "gloss", upright=True))
        if look.material in WOODS:
            wood(c, body, look.main, scale=0.7)
            c.path(
                body, c.linear((0, "#fff", 0.5), (0.35, "#fff", 0), (1, "#2b2029", 0.45), to=(0, 1))
            )
        if look.pattern in {"band", "stripes", "lines"}:
            for x in (250, 270, 290) if look.pattern != "band" else (262,):
                c.path(box(x, y, 8 if look.pattern != "band" else 26, thick), look.accent, op=0.9)
        for x in (350, 520) if look.shape != 2 else (520,):
            c.path(box(x, y - 1, 9, thick + 2), sheen(c, metal, "metal", upright=True))
        c.path(
            box(524, y + 3, 18, thick - 6, 6),
            sheen(
                c,
                metal if look.shape else look.main,
                "metal" if look.shape else "gloss",
                upright=True,
            ),
        )
        if look.shape != 2:
            c.path(box(366, y - 7, 150, 8, 4), sheen(c, metal, "metal", upright=True))
            c.path(oval(370, y - 1, 8, 7), sheen(c, metal, "metal", upright=True))
        c.path(box(start + 16, y + thick * 0.18, 110, thick * 0.1, 2), "#fff", op=0.55)


def pencils(c: Canvas, look: Look) -> None:
    """A set of pencils fanned out beside their sleeve."""
    lay(c, look.main)
    count = (5, 6, 4, 7)[look.shape]
    shades = [mix(look.main, look.accent, i / (count - 1)) for i in range(count)]
    for i, colour in enumerate(shades):
        turn = (i - (count - 1) / 2) * (7 if look.shape % 2 else 3)
        shift = (i - (count - 1) / 2) * (34 if look.shape % 2 == 0 else 24)
        with c.group(
            transform=(
                f"translate({shift:g} "
                f"{abs(shift) * 0.12 + look.dice.between(-10, 10):.0f}) rotate({turn:g} "
                "300 560)"
            )
        ):
            c.path(box(284, 150, 32, 350), "#2b2029", op=0.2, transform="translate(9 8)")
            c.path(
                "M284 152L300 92L316 152Z",
                c.linear((0, "#f3dcb5"), (0.5, "#e2bf8c"), (1, "#b98d5b")),
            )
            c.path("M294 114L300 92L306 114Z", darker(colour, 0.25))
            c.path(
                box(284, 150, 32, 350),
                c.linear(
                    (0, darker(colour, 0.1)),
                    (0.3, lighter(colour, 0.28)),
                    (0.34, colour),
                    (0.68, darker(colour, 0.06)),
                    (0.7, darker(colour, 0.28)),
                    (1, darker(colour, 0.4)),
                ),
            )
            c.path(box(284, 478, 32, 22), sheen(c, "#c9a24b", "metal"))
            c.path(box(285, 500, 30, 26, 6), sheen(c, "#d99a8d"))
    if look.shape in {0, 2}:
        sleeve = box(300 - count * 19, 330, count * 38, 120, 6)
        cast(c, sleeve, 8, 12, 6, 0.3)
        c.path(sleeve, c.linear((0, "#faf2e0"), (1, "#dccfb4"), to=(1, 1)))
        c.path(
            "M300 402q-30 -10 -8 -44q30 14 8 44zM306 398q8 -24 34 -22q-6 24 -34 22z",
            darker(look.main, 0.35),
        )
        c.stroke("M262 426h76", darker(look.main, 0.35), 4, op=0.6)
