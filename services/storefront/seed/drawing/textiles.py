"""Cushions, throws, rugs, towels, aprons: cloth in all its folds."""

from __future__ import annotations

import math

from .colour import darker, lighter
from .lathe import Lathe, body
from .scene import cast, ground, lay, stand
from .surface import cloth, weave
from .svg import Canvas, Look, box, curve, line, num, oval, pt


def _volume(c: Canvas, d: str, strength: float = 1) -> None:
    """Round light over cloth."""
    c.path(
        d,
        c.radial(
            (0, "#fff", 0.34),
            (0.45, "#fff", 0.05),
            (0.75, "#2b2029", 0.08),
            (1, "#2b2029", 0.36),
            at=(0.36, 0.3),
            r=0.78,
        ),
        op=strength,
    )


def _pillow(cx: float, cy: float, w: float, h: float) -> str:
    """Four drawn-in edges between soft corners."""
    corners = [(cx - w, cy - h), (cx + w, cy - h), (cx + w, cy + h), (cx - w, cy + h)]
    middles = [(cx, cy - h * 0.9), (cx + w * 0.93, cy), (cx, cy + h * 0.96), (cx - w * 0.93, cy)]
    data = ""
    for i, (corner, middle) in enumerate(zip(corners, middles, strict=True)):
        after = corners[(i + 1) % 4]
        turn = math.dist(corner, after) or 1
        step = ((after[0] - corner[0]) / turn * 22, (after[1] - corner[1]) / turn * 22)
        start = (corner[0] + step[0], corner[1] + step[1])
        end = (after[0] - step[0], after[1] - step[1])
        data += f"Q{pt(*corner)} {pt(*start)}" if data else f"M{pt(*start)}"
        data += f"Q{pt(*middle)} {pt(*end)}"
    first = f"{pt(corners[0][0] + 22, corners[0][1])}"
    return f"{data}Q{pt(*corners[0])} {first}Z"


def cushion(c: Canvas, look: Look) -> None:
    """A square, oblong, round or large cushion, standing."""
    stand(c, look.main)
    w, h = ((170, 165), (215, 140), (165, 165), (190, 180))[look.shape]
    cx, cy = 300, 478 - h
    ground(c, cx, cy + h - 8, w * 0.84, 26)
    d = oval(cx, cy, w, h) if look.shape == 2 else _pillow(cx, cy, w, h)
    with c.group(transform=f"rotate({look.dice.between(-5, 5):.1f} {cx} {cy + h})"):
        cloth(c, d, look.main, look.pattern, look.accent, turn=(0, 0, 45, 0)[look.shape])
        _volume(c, d)
        c.path(
            d,
            stroke=look.accent if look.pattern == "plain" else darker(look.main, 0.25),
            sw=6,
            op=0.8,
            stroke_linejoin="round",
        )
        if look.shape == 2:
            c.path(
                oval(cx, cy, 13, 12),
                c.radial((0, lighter(look.accent, 0.3)), (1, darker(look.accent, 0.4))),
            )
            for i in range(8):
                c.stroke(
                    f"M{cx} {cy}m0 -16q6 -50 0 -100",
                    "#2b2029",
                    3,
                    op=0.1,
                    transform=f"rotate({i * 45} {cx} {cy})",
                )
        else:
            for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                c.stroke(
                    (
                        f"M{num(cx + sx * w * 0.9)} {num(cy + sy * h * 0.9)}"
                        f"Q{num(cx + sx * w * 0.72)} {num(cy + sy * h * 0.78)} "
                        f"{num(cx + sx * w * 0.62)} {num(cy + sy * h * 0.5)}"
                    ),
                    "#2b2029",
                    5,
                    op=0.09,
                )


def throw(c: Canvas, look: Look) -> None:
    """A folded throw with a fringe."""
    stand(c, look.main, 400)
    layers = (3, 4, 3, 2)[look.shape]
    thick = (58, 46, 50, 70)[look.shape]
    ground(c, 300, 484, 205, 30)
    for i in range(layers):
        y = 480 - (i + 1) * thick
        inset = (i % 2) * 6 + i * 2
        x1, x2 = 104 + inset, 496 - inset
        d = (
            f"M{x1} {y + thick * 0.5}Q{x1} {y} {x1 + 28} {y}H{x2 - 16}Q{x2} {y} {x2} "
            f"{y + thick * 0.5}Q{x2} {y + thick} {x2 - 16} {y + thick}H{x1 + 28}Q{x1} "
            f"{y + thick} {x1} {y + thick * 0.5}Z"
        )
        cloth(c, d, look.main, look.pattern, look.accent, turn=0)
        c.path(
            d,
            c.linear(
                (0, "#fff", 0.3),
                (0.35, "#fff", 0),
                (0.7, "#2b2029", 0.06),
                (1, "#2b2029", 0.42),
                to=(0, 1),
            ),
        )
    top = 480 - layers * thick
    lid = f"M132 {top + 4}L186 {top - 44}H452L478 {top + 4}Z"
    cloth(c, lid, look.main, look.pattern, look.accent, step=0.16)
    c.path(lid, c.linear((0, "#fff", 0.3), (1, "#fff", 0)))
    drop = [
        (330, top - 40),
        (470, top - 40),
        (486, top + 6),
        (488, top + 122),
        (346, top + 128),
        (342, top + 8),
        (330, top - 40),
    ]
    d = line(drop) + "Z"
    cast(c, d, 8, 10, 6, 0.26)
    cloth(c, d, look.main, look.pattern, look.accent, step=0.06)
    c.path(
        d,
        c.linear(
            (0, "#fff", 0.22),
            (0.25, "#fff", 0),
            (0.8, "#2b2029", 0.02),
            (1, "#2b2029", 0.2),
            to=(0.3, 1),
        ),
    )
    if look.shape != 3:
        tassels = "".join(
            f"M{348 + i * 10} {num(top + 128 - i * 0.45)}q{-2 + i % 3 * 2} 16 {-1 + i % 2 * 3} 30"
            for i in range(15)
        )
        c.stroke(tassels, darker(look.main, 0.16), 5)
        c.stroke(tassels, lighter(look.main, 0.3), 2)


def rug(c: Canvas, look: Look) -> None:
    """A rug on the floor, seen at a slant, or a round one."""
    lay(c, look.main)
    if look.shape == 2:
        d = oval(300, 310, 225, 190)
        cast(c, d, 6, 10, 6, 0.34)
        cloth(c, d, look.main, look.pattern, look.accent)
        for share in (0.97, 0.86, 0.72, 0.56, 0.38, 0.2):
            c.path(
                oval(300, 310, 225 * share, 190 * share),
                stroke=darker(look.main, 0.3),
                sw=3,
                op=0.28,
            )
        _volume(c, d, 0.5)
        return
    w, h = ((190, 220), (150, 235), (0, 0), (215, 180))[look.shape]
    with c.group(transform=f"rotate({(-14, 18, 0, -8)[look.shape]} 300 300)"):
        d = box(300 - w, 300 - h, 2 * w, 2 * h, 4)
        cast(c, d, 8, 10, 6, 0.36)
        for y, way in ((300 - h, -1), (300 + h, 1)):
            fringe = "".join(
                f"M{num(300 - w + 6 + i * 12)} {num(y)}q{2 - i % 3 * 2} {way * 9} 0 {way * 18}"
                for i in range(int(w / 6))
            )
            c.stroke(fringe, lighter(look.accent, 0.25), 4)
        cloth(c, d, look.main, look.pattern, look.accent)
        c.path(
            box(300 - w + 18, 300 - h + 18, 2 * w - 36, 2 * h - 36),
            stroke=look.accent,
            sw=7,
            op=0.8,
        )
        c.path(
            box(300 - w + 32, 300 - h + 32, 2 * w - 64, 2 * h - 64),
            stroke=darker(look.main, 0.3),
            sw=3,
            op=0.6,
        )
        c.path(d, c.linear((0, "#fff", 0.2), (0.5, "#fff", 0), (1, "#2b2029", 0.18), to=(1, 1)))


def pouffe(c: Canvas, look: Look) -> None:
    """A floor cushion, knitted or upholstered."""
    stand(c, look.main)
    tall, r = (190, 150, 220, 170)[look.shape], (160, 185, 140, 172)[look.shape]
    base = 496
    top = base - tall
    ground(c, 300, base - 4, r * 1.0, 36)
    form = Lathe(
        300,
        [
            (top, r * 0.7),
            (top + tall * 0.2, r * 0.96),
            (top + tall * 0.55, r * 1.05),
            (base - 18, r * 0.92),
            (base, r * 0.74),
        ],
        0.24,
    )
    d = form.outline()
    body(c, form, look.main)
    with c.clip(d):
        if look.pattern == "plain":
            c.stroke(
                "".join(curve(form.meridian(s / 4)) for s in range(-3, 4)), "#2b2029", 4, op=0.22
            )
        c.path(box(80, 150, 440, 400), weave(c, look.pattern, look.accent))
    c.path(oval(300, top, r * 0.7, r * 0.17), lighter(look.main, 0.22))
    c.path(oval(300, top, r * 0.7, r * 0.17), weave(c, look.pattern, look.accent), op=0.8)
    c.path(oval(300, top, r * 0.7, r * 0.17), stroke=darker(look.main, 0.3), sw=4, op=0.5)
    c.path(d, c.linear((0.5, "#2b2029", 0), (1, "#2b2029", 0.3), to=(0, 1)))
    c.path(oval(300, top, 14, 6), darker(look.accent, 0.2))
