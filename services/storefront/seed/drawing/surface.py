"""Surfaces with a texture: wood, weave, wicker, leather and metal."""

from __future__ import annotations

from collections.abc import Sequence

from .colour import SHADE, darker, lighter
from .lathe import sheen
from .svg import Canvas, Point, box, poly, shape

Layer = tuple[str, str, float, float]

# Tiles of cloth: width, height and layers of (path, colour, stroke width or 0 to fill, opacity);
# "ink" is the pattern's own colour, "deep" and "pale" are a shade and a tint of it.
TILES: dict[str, tuple[float, float, tuple[Layer, ...]]] = {
    "plain": (6, 6, (("M0 1.5h6M1.5 0v6", SHADE, 0.8, 0.12),)),
    "stripes": (46, 46, (("M0 0h15v46h-15z", "ink", 0, 0.9),)),
    "ticking": (38, 38, (("M8 -4v46M16 -4v46M19 -4v46", "ink", 2, 0.9),)),
    "band": (170, 90, (("M0 0h170v20h-170zM0 28h170v5h-170z", "ink", 0, 0.85),)),
    "check": (64, 64, (("M0 0h32v64h-32z", "ink", 0, 0.42), ("M0 0h64v32h-64z", "ink", 0, 0.42))),
    "grid": (52, 52, (("M-4 2h60M2 -4v60", "ink", 3, 0.75),)),
    "dots": (44, 44, (("M11 11h0M33 33h0", "ink", 11, 0.9),)),
    "herringbone": (
        28,
        20,
        (("M0 0l14 -10l14 10M0 10l14 -10l14 10M0 20l14 -10l14 10M0 30l14 -10", "ink", 3.4, 0.6),),
    ),
    "knit": (24, 18, (("M2 2q4 9 10 14q6 -5 10 -14", "deep", 5, 0.4),)),
    "waffle": (
        26,
        26,
        (("M0 0h26v26h-26z", SHADE, 5, 0.13), ("M6 6h14v14h-14z", "#fff", 0, 0.13)),
    ),
    "wave": (60, 26, (("M-15 13q7 18 15 0q15 -18 30 0t30 0t30 0", "ink", 4, 0.75),)),
    "leaf": (
        64,
        72,
        (
            ("M32 8q16 12 0 34q-16 -22 0 -34z", "ink", 0, 0.8),
            ("M10 40q16 12 0 32q-16 -20 0 -32z", "ink", 0, 0.8),
        ),
    ),
    "quilt": (
        64,
        64,
        (
            ("M0 0l64 64M64 0l-64 64", SHADE, 2.4, 0.22),
            ("M3 0l61 61M67 0l-64 64", "#fff", 1.6, 0.3),
        ),
    ),
    "wicker": (
        32,
        24,
        (("M2 6h14M18 18h14M-14 18h14", "pale", 8, 1), ("M9 12v12M25 0v12", SHADE, 5, 0.4)),
    ),
    "herb": (
        54,
        54,
        (
            ("M14 40q2 -16 12 -28M17 30q-8 -2 -9 -9q8 0 9 9", "ink", 2.6, 0.85),
            ("M22 19q8 2 13 -4q-8 -4 -13 4", "ink", 2.6, 0.85),
        ),
    ),
}


def grain(c: Canvas, *, turn: float = 0, scale: float = 1) -> str:
    """Wood grain to lay over a wooden surface; lines run along x before turning."""
    w, h = 180 * scale, 44 * scale
    d = "".join(
        (
            f"M0 {h * at:g}C{w * 0.3:g} {h * (at + bend):g} {w * 0.7:g} "
            f"{h * (at - bend):g} {w:g} {h * at:g}"
        )
        for at, bend in ((0.12, 0.2), (0.3, 0.1), (0.46, -0.16), (0.7, 0.14), (0.9, -0.1))
    )
    thin = shape(d, stroke=SHADE, sw=1.3 * scale, op=0.2)
    return c.pattern(w, h, thin, turn=turn)


def wood(
    c: Canvas, d: str, colour: str, *, turn: float = 0, step: float = 0, scale: float = 1
) -> None:
    """Fill an outline with wood, lit or shaded by ``step``."""
    base = lighter(colour, step) if step > 0 else darker(colour, -step)
    c.path(d, c.linear((0, lighter(base, 0.14)), (0.5, base), (1, darker(base, 0.12)), to=(1, 1)))
    c.path(d, grain(c, turn=turn, scale=scale))


def weave(c: Canvas, kind: str, ink: str) -> str:
    """A textile pattern tile: weave, stripes, check, dots and so on, drawn in ``ink``."""
    w, h, layers = TILES.get(kind, TILES["plain"])
    content = ""
    for d, colour, width, opacity in layers:
        paint = {"ink": ink, "deep": darker(ink, 0.2), "pale": lighter(ink, 0.35)}.get(
            colour, colour
        )
        if width:
            content += shape(d, stroke=paint, sw=width, cap="round", op=opacity)
        else:
            content += shape(d, paint, op=opacity)
    return c.pattern(w, h, content)


def cloth(
    c: Canvas, d: str, colour: str, kind: str, ink: str, *, step: float = 0, turn: float = 0
) -> None:
    """Fill an outline with woven cloth and its pattern."""
    base = lighter(colour, step) if step > 0 else darker(colour, -step)
    c.path(d, base)
    if kind != "plain":
        with c.clip(d), c.group(transform=f"rotate({turn:g} 300 300)"):
            c.path(box(-150, -150, 900, 900), weave(c, kind, ink))
    c.path(d, weave(c, "plain", ink))


def block(
    c: Canvas, front: Sequence[Point], depth: Point, colour: str, *, wooden: bool = False
) -> None:
    """A slab: a front face pushed back by ``depth`` (up to the right), with top and side."""
    dx, dy = depth
    tl, tr, br, _ = front
    top = [tl, tr, (tr[0] + dx, tr[1] + dy), (tl[0] + dx, tl[1] + dy)]
    side = [tr, br, (br[0] + dx, br[1] + dy), (tr[0] + dx, tr[1] + dy)]
    for points, step, turn in ((side, -0.34, 90), (top, 0.22, 0), (front, 0, 0)):
        if wooden:
            wood(c, poly(points), colour, step=step, turn=turn)
        else:
            base = lighter(colour, step) if step > 0 else darker(colour, -step)
            c.path(
                poly(points), c.linear((0, lighter(base, 0.1)), (1, darker(base, 0.1)), to=(0.4, 1))
            )
    c.stroke(f"M{tl[0]:g} {tl[1]:g}L{tr[0]:g} {tr[1]:g}", lighter(colour, 0.55), 2, op=0.6)


def rod(
    c: Canvas, start: Point, end: Point, width: float, colour: str, finish: str = "matte"
) -> None:
    """A straight round bar that may taper: lit along its left or upper side."""
    (x1, y1), (x2, y2) = start, end
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1
    nx, ny = (y1 - y2) / length * width / 2, (x2 - x1) / length * width / 2
    d = poly([(x1 + nx, y1 + ny), (x2 + nx, y2 + ny), (x2 - nx, y2 - ny), (x1 - nx, y1 - ny)])
    if abs(x2 - x1) < abs(y2 - y1):
        c.path(d, sheen(c, colour, finish))
    else:
        c.path(d, sheen(c, colour, finish, upright=True))
