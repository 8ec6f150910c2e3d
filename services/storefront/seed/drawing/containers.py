"""Baskets and boxes."""

from __future__ import annotations

from .colour import darker, lighter
from .lathe import Lathe, rim
from .scene import ground, stand
from .surface import weave
from .svg import Canvas, Look, box, curve, num, oval, poly

WOODS = {"oak", "walnut", "ash", "beech", "cherry", "acacia", "birch"}


def basket(c: Canvas, look: Look) -> None:
    """A woven basket with handles."""
    stand(c, look.main)
    tall, r = (200, 160, 250, 140)[look.shape], (150, 176, 128, 180)[look.shape]
    base, cx = 494, 300
    top = base - tall
    form = Lathe(
        cx,
        [
            (top, r),
            (top + tall * 0.5, r * (0.97, 1.04, 0.95, 0.94)[look.shape]),
            (base - 14, r * 0.86),
            (base, r * 0.78),
        ],
        0.22,
    )
    ground(c, cx, base + 2, form.foot * 1.12, form.foot * 0.28)
    if look.shape == 1:
        arch = curve(
            [
                (cx - r * 0.94, top + 10),
                (cx - r * 0.8, top - 110),
                (cx, top - 160),
                (cx + r * 0.8, top - 110),
                (cx + r * 0.94, top + 10),
            ]
        )
        c.stroke(arch, darker(look.main, 0.45), 17)
        c.stroke(arch, lighter(look.main, 0.2), 10, stroke_dasharray="14 4", cap="butt")
    d = form.outline()
    c.path(d, darker(look.main, 0.3))
    with c.clip(d):
        c.path(box(80, 180, 440, 420), weave(c, "wicker", look.main))
        if look.pattern in {"dip", "band", "stripes"}:
            spans = {
                "dip": ((0.6, 1.3),),
                "band": ((0.4, 0.6),),
                "stripes": ((0.2, 0.34), (0.5, 0.64), (0.8, 0.94)),
            }[look.pattern]
            for a, b in spans:
                c.path(form.band(top + tall * a, top + tall * b), look.accent, op=0.72)
    c.path(
        d,
        c.linear((0, "#2b2029", 0.25), (0.22, "#fff", 0.22), (0.5, "#fff", 0), (1, "#2b2029", 0.5)),
    )
    rim(c, form, look.main, lip=13, inside=darker(look.main, 0.25))
    c.path(
        oval(cx, top, r - 5, r * 0.22 - 3),
        stroke=darker(look.main, 0.4),
        sw=10,
        stroke_dasharray="6 9",
        op=0.5,
    )
    if look.shape != 1:
        for side in (-1, 1):
            x = cx + side * r * 0.95
            loop = (
                f"M{num(x)} {num(top + 46)}q{side * 44} 10 {side * 34} 46q{-side * 14} 20 "
                f"{-side * 40} 6"
            )
            c.stroke(loop, darker("#8a5d3b", 0.3), 12)
            c.stroke(loop, "#b07c4c", 7)


def box_lidded(c: Canvas, look: Look) -> None:
    """A storage box with a lid and a label holder."""
    stand(c, look.main)
    x, w, h = 120, 300, (180, 140, 210, 120)[look.shape]
    y = 490 - h
    dx, dy = 76, -54
    c.path(
        poly([(x, 494), (x + w, 494), (x + w + dx + 50, 494 + dy + 8), (x + 60, 494 + dy)]),
        "#2b2029",
        op=0.26,
        filter=c.blur(10),
    )
    c.path(
        poly([(x + w, y), (x + w + dx, y + dy), (x + w + dx, 490 + dy), (x + w, 490)]),
        darker(look.main, 0.34),
    )
    face = box(x, y, w, h)
    c.path(face, c.linear((0, lighter(look.main, 0.12)), (1, darker(look.main, 0.12)), to=(0.5, 1)))
    c.path(
        face,
        weave(
            c,
            look.pattern
            if look.pattern in {"stripes", "dots", "check", "grid", "herringbone", "leaf"}
            else "plain",
            look.accent,
        ),
    )
    lid = 50
    c.path(
        poly(
            [
                (x + w + 8, y - 6),
                (x + w + dx + 8, y + dy - 8),
                (x + w + dx + 8, y + dy + lid - 10),
                (x + w + 8, y + lid - 8),
            ]
        ),
        darker(look.accent, 0.36),
    )
    c.path(
        box(x - 8, y - 6, w + 16, lid),
        c.linear((0, lighter(look.accent, 0.12)), (1, darker(look.accent, 0.1)), to=(0.5, 1)),
    )
    c.path(
        poly(
            [
                (x - 8, y - 6),
                (x + w + 8, y - 6),
                (x + w + dx + 8, y + dy - 8),
                (x + dx - 8, y + dy - 8),
            ]
        ),
        c.linear((0, lighter(look.accent, 0.4)), (1, lighter(look.accent, 0.12)), to=(1, 0.4)),
    )
    c.stroke(f"M{x - 8} {y - 5}h{w + 16}", "#fff", 2.5, op=0.5)
    c.path(
        box(x + w / 2 - 56, y + h * 0.58, 112, 46, 5),
        c.linear((0, "#e6c987"), (1, "#96742f"), to=(0.4, 1)),
    )
    c.path(box(x + w / 2 - 48, y + h * 0.58 + 7, 96, 32, 2), "#f8f0de")
    c.stroke(f"M{x + w / 2 - 30} {y + h * 0.58 + 24}h58", "#5c4a44", 3, op=0.6)
