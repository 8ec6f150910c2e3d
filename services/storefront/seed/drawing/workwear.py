"""Gloves."""

from __future__ import annotations

from .colour import darker, lighter
from .scene import cast, lay
from .surface import weave
from .svg import Canvas, Look, box

GREENS = ("#5f7f52", "#4f7358", "#7a8f55", "#6c8a72")
STEEL = "#b9bdbf"


def gloves(c: Canvas, look: Look) -> None:
    """A pair of garden gloves."""
    lay(c, look.main)
    d = (
        "M214 470L206 330Q150 300 128 250Q124 220 152 224Q184 250 212 268L204 150Q206 "
        "124 226 126Q244 128 246 150L252 246L256 116Q260 92 278 94Q296 98 296 120L298 246"
        "L308 128Q314 106 330 110Q346 116 344 138L338 256L356 168Q364 148 380 154Q392 "
        "162 388 184L366 330L352 470Z"
    )
    for place, (turn, shift) in enumerate(((16, 66), (-12, -40))):
        with c.group(transform=f"translate({shift} 10) rotate({turn} 300 300)"):
            cast(c, d, 12, 16, 9, 0.34)
            c.path(
                d,
                c.linear(
                    (0, lighter(look.main, 0.18)), (0.5, look.main), (1, darker(look.main, 0.22))
                ),
            )
            with c.clip(d):
                c.path(box(100, 60, 320, 460), weave(c, look.pattern, look.accent))
                c.path(box(190, 400, 190, 90), look.accent)
                c.path(
                    box(190, 400, 190, 90),
                    weave(c, "ticking" if place else "plain", look.main),
                    op=0.4,
                )
            c.stroke(
                "M252 246l6 70M298 246l-2 70M338 256l-10 60M212 268q24 30 20 70",
                "#2b2029",
                4,
                op=0.18,
            )
            c.path(d, stroke=darker(look.main, 0.35), sw=3, op=0.5)
