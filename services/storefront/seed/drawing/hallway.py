"""Clocks, mirrors, hooks and baskets."""

from __future__ import annotations

import math

from .colour import darker, lighter
from .lathe import sheen
from .scene import cast, hang
from .surface import weave, wood
from .svg import Canvas, Look, box, closed, num, oval, pt

WOODS = {"oak", "walnut", "ash", "beech", "cherry", "acacia", "birch"}


def _frame(c: Canvas, d: str, look: Look) -> None:
    if look.material in WOODS:
        wood(c, d, look.main, scale=1.2)
        c.path(d, c.linear((0, "#fff", 0.3), (0.5, "#fff", 0), (1, "#2b2029", 0.3), to=(1, 1)))
    else:
        metal = look.material in {"brass", "steel", "copper"}
        c.path(d, sheen(c, look.main, "metal" if metal else "gloss"))


def clock(c: Canvas, look: Look) -> None:
    """A wall clock; every one shows its own time."""
    hang(c, look.main)
    r = (190, 170, 182, 190)[look.shape]
    face_r = r * (0.86, 0.8, 0.92, 0.84)[look.shape]
    d = oval(300, 300, r, r) if look.shape != 1 else box(300 - r, 300 - r, 2 * r, 2 * r, 60)
    cast(c, d, 14, 20, 13, 0.34)
    _frame(c, d, look)
    dark_face = look.pattern == "dip"
    face = darker(look.accent, 0.1) if dark_face else "#faf5ea"
    ink = "#fbf3e2" if dark_face else "#3a3233"
    c.path(
        oval(300, 300, face_r, face_r),
        c.radial((0, lighter(face, 0.3)), (1, darker(face, 0.08)), at=(0.35, 0.3), r=0.8),
    )
    c.path(oval(300, 300, face_r, face_r), stroke="#2b2029", sw=5, op=0.18)
    marks, minor = "", ""
    for i in range(60):
        a = math.tau * i / 60
        far, near = face_r * 0.92, face_r * (0.8 if i % 5 == 0 else 0.88)
        mark = (
            f"M{pt(300 + far * math.sin(a), 300 - far * math.cos(a))}"
            f"L{pt(300 + near * math.sin(a), 300 - near * math.cos(a))}"
        )
        if i % 5 == 0:
            marks += mark
        elif look.shape % 2 == 0:
            minor += mark
    if look.pattern == "dots":
        c.dots(
            [
                (
                    300 + face_r * 0.84 * math.sin(math.tau * i / 12),
                    300 - face_r * 0.84 * math.cos(math.tau * i / 12),
                )
                for i in range(12)
            ],
            ink,
            13,
        )
    else:
        c.stroke(marks, ink, 7 if look.shape != 3 else 4, cap="butt")
        c.stroke(minor, ink, 2, op=0.6)
    hours, minutes = look.dice.whole(1, 11), look.dice.whole(0, 11) * 5
    for turn, length, width in ((hours * 30 + minutes / 2, 0.5, 11), (minutes * 6, 0.74, 8)):
        with c.group(transform=f"rotate({turn:g} 300 300)"):
            c.path(
                box(300 - width / 2, 300 - face_r * length, width, face_r * length + 26, width / 2),
                ink,
            )
    c.stroke(
        f"M300 330V{num(300 - face_r * 0.7)}",
        look.accent if not dark_face else "#d9a441",
        3,
        transform=f"rotate({look.dice.whole(0, 59) * 6} 300 300)",
    )
    c.path(oval(300, 300, 11, 11), c.radial((0, "#f6e3ac"), (1, "#8b6b2a"), at=(0.35, 0.3), r=0.7))


def mirror(c: Canvas, look: Look) -> None:
    """A framed mirror: round, arched, oblong or soft-cornered."""
    hang(c, look.main)
    outer, inner = (
        (oval(300, 300, 200, 200), oval(300, 300, 178, 178)),
        ("M150 520V240A150 150 0 0 1 450 240V520Z", "M168 502V240A132 132 0 0 1 432 240V502Z"),
        (box(160, 90, 280, 420, 14), box(184, 114, 232, 372, 6)),
        (
            closed([(300, 96), (450, 180), (462, 360), (330, 510), (180, 450), (146, 270)]),
            closed([(300, 118), (432, 194), (442, 354), (326, 488), (196, 434), (166, 276)]),
        ),
    )[look.shape]
    cast(c, outer, 14, 22, 13, 0.36)
    _frame(c, outer, look)
    c.path(inner, darker(look.main, 0.5))
    c.path(
        inner,
        c.linear(
            (0, "#eef4f4"),
            (0.35, "#c6d6da"),
            (0.5, "#dbe7e8"),
            (0.75, "#a9bfc6"),
            (1, "#cfdddf"),
            to=(1, 1),
        ),
        transform="translate(3 3)",
    )
    with c.clip(inner):
        c.path("M60 430L420 60H500L100 520ZM180 560L560 150H584L220 580Z", "#fff", op=0.32)
        c.path(box(140, 420, 330, 120), look.accent, op=0.14)
    c.path(inner, stroke="#fff", sw=2.5, op=0.7)
    if look.shape == 0:
        c.stroke("M244 108Q300 40 356 108", "#8a5d3b", 11) if look.pattern == "band" else None
        if look.pattern == "band":
            c.path(
                oval(300, 66, 13, 13),
                c.radial((0, "#f6e3ac"), (1, "#7e6224"), at=(0.35, 0.3), r=0.7),
            )


def hooks(c: Canvas, look: Look) -> None:
    """A rail with pegs, something hung on one of them."""
    hang(c, look.main)
    count = (5, 4, 3, 6)[look.shape]
    rail = box(70, 226, 460, 62, (8, 31, 14, 4)[look.shape])
    cast(c, rail, 12, 16, 9, 0.34)
    _frame(c, rail, look) if look.material in WOODS else c.path(
        rail, sheen(c, look.main, "matte", upright=True)
    )
    step = 400 / (count - 1)
    for i in range(count):
        x = 100 + i * step
        if look.pattern in {"plain", "rings"}:
            c.path(oval(x + 8, 276, 17, 15), "#2b2029", op=0.28)
            c.path(box(x - 7, 254, 14, 26), darker(look.accent, 0.35))
            c.path(
                oval(x, 260, 20, 20),
                c.radial(
                    (0, lighter(look.accent, 0.65)),
                    (0.5, look.accent),
                    (1, darker(look.accent, 0.4)),
                    at=(0.35, 0.3),
                    r=0.75,
                ),
            )
        else:
            hook = f"M{num(x)} 246V330q0 26 22 26q18 0 18 -22"
            c.stroke(hook, "#2b2029", 10, op=0.22, transform="translate(8 9)")
            c.stroke(hook, darker(look.accent, 0.35), 11)
            c.stroke(hook, lighter(look.accent, 0.4), 4, transform="translate(-2 -1)")
            c.path(oval(x + 40, 330, 9, 9), lighter(look.accent, 0.2))
            c.path(
                oval(x, 248, 11, 11),
                c.radial(
                    (0, lighter(look.accent, 0.6)),
                    (1, darker(look.accent, 0.4)),
                    at=(0.35, 0.3),
                    r=0.7,
                ),
            )
    what = look.dice.whole(0, 2)
    x = 100 + step * look.dice.whole(0, count - 1)
    if what == 0:
        d = (
            f"M{num(x - 12)} 262Q{num(x - 40)} 330 {num(x - 46)} 470Q{num(x)} 486 "
            f"{num(x + 46)} 466Q{num(x + 40)} 330 {num(x + 12)} 262Z"
        )
        cast(c, d, 10, 10, 7, 0.26)
        c.path(d, c.linear((0, "#d9c6a5"), (0.3, "#efe1c8"), (0.6, "#cbb591"), (1, "#a98f69")))
        c.path(d, weave(c, "ticking", "#7d5b45"), op=0.4)
    elif what == 1:
        c.stroke(
            f"M{num(x - 5)} 264Q{num(x - 36)} 330 {num(x)} 352Q{num(x + 36)} 330 {num(x + 5)} 264",
            "#8a5d3b",
            5,
        )
        c.path(oval(x, 376, 24, 24), stroke="#b98d3c", sw=7)
        c.path(
            box(x - 6, 396, 12, 66, 3) + box(x, 436, 20, 8) + box(x, 452, 20, 8),
            sheen(c, "#b98d3c", "metal"),
        )
