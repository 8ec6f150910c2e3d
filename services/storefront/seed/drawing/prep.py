"""Boards, knives and tools for preparing food."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .cooking import knob
from .lathe import Lathe, body, sheen
from .scene import cast, ground, lay, stand
from .surface import grain, wood
from .svg import Canvas, Look, box, closed, curve, oval

METALS = {"steel", "copper", "brass", "aluminium", "iron"}
STEEL = "#c3c7c9"


def board(c: Canvas, look: Look) -> None:
    """A wooden board from above, four outlines."""
    lay(c, look.main)
    k = look.size
    outlines = (
        box(120, 160, 360, 280, 26),
        box(110, 190, 280, 220, 40) + box(370, 274, 130, 52, 26),
        oval(300, 300, 190, 190) + box(470, 272, 70, 56, 24),
        closed(
            [
                (130, 220),
                (300, 180),
                (450, 214),
                (486, 300),
                (446, 396),
                (290, 420),
                (136, 388),
                (104, 300),
            ]
        ),
    )
    holes = ((448, 192), (474, 300), (514, 300), (444, 300))
    d = outlines[look.shape]
    with c.group(
        transform=(
            f"rotate({(-18, -32, -40, 12)[look.shape]} 300 300) "
            f"translate({300 * (1 - k):g} {300 * (1 - k):g}) scale({k:g})"
        )
    ):
        cast(c, d, 12, 18, 10, 0.36)
        c.path(d, darker(look.main, 0.45), transform="translate(3 8)")
        wood(c, d, look.main, scale=1.5)
        if look.pattern in {"stripes", "band", "lines"}:
            with c.clip(d):
                places = {
                    "stripes": ((210, 34), (300, 34), (380, 20)),
                    "band": ((360, 46),),
                    "lines": ((250, 10), (270, 10), (350, 10)),
                }
                for y, h in places[look.pattern]:
                    wood(c, box(60, y, 500, h), look.accent, scale=1.5)
        if look.pattern == "fluted":
            c.path(box(142, 182, 316, 236, 16), stroke=darker(look.main, 0.4), sw=7, op=0.55)
            c.path(
                box(142, 182, 316, 236, 16),
                stroke="#fff",
                sw=2,
                op=0.35,
                transform="translate(3 3)",
            )
        if look.pattern == "check":
            with c.clip(d):
                for i in range(8):
                    for j in range(6):
                        if (i + j) % 2:
                            c.path(
                                box(90 + i * 54, 150 + j * 54, 54, 54),
                                darker(look.main, 0.3),
                                op=0.35,
                            )
        if look.pattern == "dip":
            with c.clip(d):
                paint = c.linear((0, lighter(look.accent, 0.15)), (1, darker(look.accent, 0.2)))
                c.path(box(60, 60, 160, 500), paint)
        x, y = holes[look.shape]
        c.path(oval(x, y, 12, 12), darker(look.main, 0.65))
        c.path(d, stroke=lighter(look.main, 0.5), sw=2.5, op=0.6)


def knife(c: Canvas, look: Look) -> None:
    """A kitchen knife: chef's, bread, paring or santoku."""
    lay(c, look.main)
    blades = (
        [
            (270, 270),
            (270, 270),
            (120, 270),
            (46, 292),
            (20, 304),
            (20, 304),
            (110, 336),
            (230, 338),
            (270, 334),
            (270, 334),
        ],
        [
            (270, 272),
            (270, 272),
            (60, 272),
            (28, 284),
            (18, 304),
            (18, 304),
            (150, 318),
            (270, 318),
            (270, 318),
        ],
        [
            (270, 280),
            (270, 280),
            (190, 282),
            (130, 302),
            (130, 302),
            (200, 318),
            (270, 320),
            (270, 320),
        ],
        [
            (270, 262),
            (270, 262),
            (100, 264),
            (52, 282),
            (40, 336),
            (40, 336),
            (150, 342),
            (270, 340),
            (270, 340),
        ],
    )
    points = blades[look.shape]
    blade = curve(points) + "Z"
    handle = (
        curve(
            [
                (276, 272),
                (330, 266),
                (420, 278),
                (520, 262),
                (560, 274),
                (566, 306),
                (546, 326),
                (450, 312),
                (350, 318),
                (276, 318),
                (276, 272),
            ]
        )
        + "Z"
    )
    with c.group(transform="rotate(-36 300 300)"):
        cast(c, blade, 4, 20, 8, 0.36)
        c.path(
            blade,
            c.linear(
                (0, "#f4f6f6"),
                (0.25, "#b9bfc2"),
                (0.55, "#dfe3e4"),
                (0.56, "#a6adb1"),
                (1, "#eef0f0"),
                to=(0.06, 1),
            ),
        )
        if look.shape == 1:
            c.stroke("M40 312" + "q6 7 12 0" * 19, "#7f878b", 2.5)
        if look.shape == 3:
            c.dots([(90 + i * 28, 290) for i in range(6)], "#8f979b", 11, 0.5)
        c.stroke(f"M{points[0][0]} {points[0][1] + 3}L120 {points[0][1] + 3}", "#fff", 3, op=0.8)
        c.path(
            box(262, 268, 20, 56, 5),
            c.linear((0, "#eef0f0"), (0.5, "#9aa1a5"), (1, "#d5d9da"), to=(0, 1)),
        )
        _grip(c, handle, look)


def _grip(c: Canvas, handle: str, look: Look) -> None:
    with c.group(transform="translate(53 18) scale(0.82 0.94)"):
        cast(c, handle, 4, 20, 8, 0.36)
        wood(c, handle, look.main, scale=0.9)
        c.path(
            handle,
            c.linear(
                (0, "#fff", 0.35),
                (0.3, "#fff", 0),
                (0.65, "#2b2029", 0),
                (1, "#2b2029", 0.5),
                to=(0, 1),
            ),
        )
        for x in (316, 410, 504):
            c.path(
                oval(x, 294, 7, 7),
                c.radial(
                    (0, lighter(look.accent, 0.7)),
                    (1, darker(look.accent, 0.3)),
                    at=(0.35, 0.3),
                    r=0.7,
                ),
            )


def utensils(c: Canvas, look: Look) -> None:
    """Spoons and spatulas side by side."""
    lay(c, look.main)
    k = look.size
    sets = ((0, 1, 2), (0, 3), (1, 0), (2, 3, 0))[look.shape]
    gap = 96 * k
    heads = (
        oval(300, 160, 42, 62),
        box(262, 98, 76, 120, 22),
        box(266, 100, 68, 118, 14),
        oval(300, 152, 56, 56),
    )
    for place, head in enumerate(sets):
        shift = (place - (len(sets) - 1) / 2) * gap
        main = (look.main, mix(look.main, look.accent, 0.3), look.main)[place % 3]
        with c.group(transform=f"rotate({-30 + place * 7} 300 300) translate({shift:g} 0)"):
            stick = (
                curve(
                    [
                        (292, 200),
                        (291, 330),
                        (286, 480),
                        (300, 520),
                        (314, 480),
                        (309, 330),
                        (308, 200),
                    ]
                )
                + "Z"
            )
            cast(c, heads[head] + stick, 12, 12, 7, 0.34)
            for d in (stick, heads[head]):
                wood(c, d, main, turn=90, scale=0.8)
            c.path(stick, c.linear((0, "#fff", 0.3), (0.5, "#fff", 0), (1, "#2b2029", 0.35)))
            if head in {0, 3}:
                r = 30 if head == 0 else 44
                c.path(
                    oval(300, 158, r, r * (1.5 if head == 0 else 1)),
                    c.linear(
                        (0, "#2b2029", 0.4), (0.5, "#2b2029", 0.08), (1, "#fff", 0.3), to=(0.7, 1)
                    ),
                )
            if head == 2:
                c.stroke("M284 116v74M300 116v74M316 116v74", darker(main, 0.6), 8)
            if look.pattern == "dip":
                with c.clip(stick):
                    c.path(
                        box(270, 430, 60, 120),
                        c.linear((0, lighter(look.accent, 0.2)), (1, darker(look.accent, 0.25))),
                    )


def mill(c: Canvas, look: Look) -> None:
    """A pepper mill, or a pair for salt and pepper."""
    stand(c, look.main)
    pair = look.shape % 2 == 1
    for cx, base, k, colour in (
        ((392, 462, 0.88, look.accent), (238, 494, 1.0, look.main))
        if pair
        else ((300, 494, 1.12, look.main),)
    ):
        s = k * look.size
        top = base - 300 * s
        waist = (38, 44, 30, 36)[look.shape]
        form = Lathe(
            cx,
            [
                (top + 74 * s, 40 * s),
                (top + 110 * s, waist * s),
                (top + 170 * s, (waist + 6) * s),
                (base - 40 * s, 60 * s),
                (base - 8, 62 * s),
                (base, 60 * s),
            ],
        )
        ground(c, cx, base + 2, 66 * s, 18 * s)
        c.path(form.outline(), sheen(c, colour))
        c.path(form.outline(), grain(c, turn=90, scale=0.8))
        for y in (base - 60 * s, base - 52 * s):
            c.stroke(form.ring(y), darker(colour, 0.5), 2, op=0.5)
        head = Lathe(
            cx,
            [(top, 18 * s), (top + 10 * s, 38 * s), (top + 36 * s, 48 * s), (top + 66 * s, 42 * s)],
        )
        c.path(head.band(top + 66 * s, top + 80 * s), "#2b2029", op=0.4)
        body(c, head, colour)
        c.path(head.outline(), grain(c, turn=90, scale=0.8))
        knob(c, cx, top - 8 * s, 12 * s, "#c9a24b" if look.pattern != "plain" else STEEL)
