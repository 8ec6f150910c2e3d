"""Pots, cans, tools and houses for birds."""

from __future__ import annotations

from .colour import darker, lighter
from .scene import cast, lay, stand
from .surface import rod, wood
from .svg import Canvas, Look, box, curve, oval, poly

GREENS = ("#5f7f52", "#4f7358", "#7a8f55", "#6c8a72")
STEEL = "#b9bdbf"


def secateurs(c: Canvas, look: Look) -> None:
    """Secateurs or snips."""
    lay(c, look.main)
    with c.group(transform=f"rotate({(-42, -30, -54, -36)[look.shape]} 300 300)"):
        for way in (-1, 1):
            arm = (
                curve(
                    [
                        (286, 300),
                        (350, 300 + way * 16),
                        (450, 300 + way * 60),
                        (560, 300 + way * 66),
                        (566, 300 + way * 84),
                        (550, 300 + way * 96),
                        (440, 300 + way * 92),
                        (340, 300 + way * 48),
                        (280, 300 + way * 14),
                        (286, 300),
                    ]
                )
                + "Z"
            )
            cast(c, arm, 6, 18, 8, 0.34)
            c.path(
                arm,
                c.linear(
                    (0, lighter(look.main, 0.3)),
                    (0.5, look.main),
                    (1, darker(look.main, 0.3)),
                    to=(0.2, 1),
                ),
            )
            if look.material in {"oak", "ash", "beech", "walnut"}:
                wood(c, arm, look.main, scale=0.8)
            c.stroke(
                curve([(372, 300 + way * 36), (450, 300 + way * 70), (545, 300 + way * 78)]),
                lighter(look.main, 0.5),
                5,
                op=0.55,
            )
        long = 1.18 if look.shape % 2 else 1
        upper = f"M300 284Q220 250 {120 - 60 * (long - 1):g} 286Q150 306 210 306L306 316Z"
        lower = "M306 288L214 304Q160 316 128 348Q190 356 240 338L306 316Z"
        c.path(upper + lower, "#2b2029", op=0.28, transform="translate(6 14)")
        c.path(lower, c.linear((0, "#cfd4d6"), (1, "#8c9498"), to=(0, 1)))
        c.path(upper, c.linear((0, "#f5f7f7"), (0.55, "#b4bbbe"), (1, "#e3e7e8"), to=(0.1, 1)))
        c.stroke("M330 300q16 -10 24 0t24 0t24 0", "#8c9498", 7)
        c.path(
            oval(292, 302, 23, 23), c.radial((0, "#f4f6f6"), (1, "#868e92"), at=(0.35, 0.3), r=0.7)
        )
        c.path(oval(292, 302, 8, 8), look.accent)
        c.path(box(520, 220, 14, 160, 7), look.accent, op=0.9) if look.shape == 2 else None


def hand_tool(c: Canvas, look: Look) -> None:
    """A trowel, hand fork, weeder or dibber."""
    lay(c, look.main)
    with c.group(transform=f"rotate({(-40, -32, -48, -36)[look.shape]} 300 300)"):
        handle = (
            curve(
                [
                    (352, 282),
                    (400, 272),
                    (470, 284),
                    (530, 268),
                    (560, 284),
                    (566, 300),
                    (560, 316),
                    (530, 332),
                    (470, 316),
                    (400, 328),
                    (352, 318),
                    (352, 282),
                ]
            )
            + "Z"
        )
        heads = (
            curve(
                [
                    (250, 300),
                    (236, 252),
                    (150, 244),
                    (70, 276),
                    (38, 300),
                    (70, 324),
                    (150, 356),
                    (236, 348),
                    (250, 300),
                ]
            )
            + "Z",
            (
                "M252 286Q236 236 212 236H60V250H196Q210 252 210 292H40V308H210Q210 348 "
                "196 350H60V364H212Q236 364 252 314Z"
            ),
            curve(
                [
                    (252, 290),
                    (130, 284),
                    (60, 270),
                    (40, 262),
                    (52, 292),
                    (40, 316),
                    (60, 316),
                    (130, 312),
                    (252, 310),
                ]
            )
            + "Z",
            curve(
                [(352, 270), (240, 268), (110, 282), (50, 300), (110, 318), (240, 332), (352, 330)]
            )
            + "Z",
        )
        head = heads[look.shape]
        cast(c, head + handle, 6, 18, 8, 0.36)
        if look.shape == 3:
            wood(c, head, darker(look.main, 0.06), scale=0.9)
            c.path(
                curve([(150, 279), (110, 282), (50, 300), (110, 318), (150, 322)]) + "Z",
                c.linear((0, "#f2d6a0"), (0.5, "#c9a24b"), (1, "#80621f"), to=(0, 1)),
            )
            for x in (190, 230, 270, 310):
                c.stroke(f"M{x} 272q8 28 0 56", "#2b2029", 3, op=0.35)
        else:
            tint = look.accent if look.material in {"copper", "brass"} else STEEL
            c.path(
                head,
                c.linear(
                    (0, lighter(tint, 0.7)),
                    (0.45, tint),
                    (0.55, darker(tint, 0.2)),
                    (1, lighter(tint, 0.3)),
                    to=(0.1, 1),
                ),
            )
            if look.shape == 0:
                c.stroke("M90 300H250", "#2b2029", 4, op=0.2)
                c.stroke("M90 296H250", "#fff", 3, op=0.6)
            c.path(
                "M248 288L330 290V310L248 312Z",
                c.linear((0, lighter(tint, 0.6)), (0.5, tint), (1, darker(tint, 0.35)), to=(0, 1)),
            )
        wood(c, handle, look.main, scale=0.8)
        c.path(
            handle,
            c.linear(
                (0, "#fff", 0.45),
                (0.35, "#fff", 0),
                (0.6, "#2b2029", 0),
                (1, "#2b2029", 0.45),
                to=(0, 1),
            ),
        )
        c.path(
            box(322, 280, 38, 40, 4),
            c.linear((0, "#f6e6b8"), (0.5, "#c9a24b"), (1, "#7e6224"), to=(0, 1)),
        )
        c.stroke("M552 300q50 -20 46 20q-14 24 -46 -14", "#8a5d3b", 5)


def bird_house(c: Canvas, look: Look) -> None:
    """A nest box or feeder on a post."""
    stand(c, look.main, 470)
    main, roof = look.main, look.accent
    rod(c, (300, 420), (300, 580), 26, "#8a6a4a")
    c.path(oval(330, 576, 90, 14), c.radial((0, "#2b2029", 0.4), (1, "#2b2029", 0)))
    w, h = ((104, 190), (118, 160), (96, 220), (124, 150))[look.shape]
    top, base = 430 - h, 430
    open_feeder = look.shape == 3
    if open_feeder:
        c.path(box(300 - w, top, 2 * w, h), darker(main, 0.5))
        for x in (300 - w, 300 + w - 16):
            wood(c, box(x, top, 16, h), main, turn=90)
        seeds = [
            (300 + look.dice.between(-w + 20, w - 20), base - look.dice.between(4, 36))
            for _ in range(60)
        ]
        c.path(
            curve([(300 - w + 14, base), (260, base - 34), (330, base - 42), (300 + w - 14, base)])
            + "Z",
            "#a8814f",
        )
        c.dots(seeds[:40], "#3b2b20", 6, 0.8)
        c.dots(seeds[40:], "#e2c48c", 6, 0.9)
    else:
        c.path(
            poly(
                [
                    (300 + w, top),
                    (300 + w + 44, top - 24),
                    (300 + w + 44, base - 26),
                    (300 + w, base),
                ]
            ),
            darker(main, 0.42),
        )
        face = box(300 - w, top, 2 * w, h)
        wood(c, face, main, turn=90, scale=1.2)
        if look.pattern in {"stripes", "lines"}:
            for i in range(5):
                c.stroke(
                    f"M{300 - w} {top + 20 + i * h / 5:g}h{2 * w}", darker(main, 0.4), 3, op=0.5
                )
        hy = top + h * 0.34
        c.path(oval(300, hy, 34, 34), darker(main, 0.3))
        c.path(oval(301, hy + 2, 29, 29), "#2a2024")
        if look.shape != 1:
            rod(c, (300, hy + 62), (284, hy + 70), 11, "#b58a58")
        if look.dice.chance(0.5):
            c.path(
                curve(
                    [
                        (272, hy + 8),
                        (280, hy - 14),
                        (302, hy - 20),
                        (318, hy - 4),
                        (322, hy + 16),
                        (300, hy + 28),
                        (276, hy + 24),
                        (272, hy + 8),
                    ]
                )
                + "Z",
                "#6f8fae",
            )
            c.path(oval(298, hy + 14, 15, 12), "#eed27a")
            c.path(poly([(276, hy - 1), (256, hy + 4), (276, hy + 8)]), "#3a3233")
            c.dots([(288, hy - 3)], "#1f1a1d", 6)
    peak = top - (86, 58, 96, 84)[look.shape]
    if look.shape == 1:
        c.path(
            poly(
                [
                    (300 - w - 26, top + 6),
                    (300 + w + 14, top - 30),
                    (300 + w + 66, top - 60),
                    (300 - w + 30, top - 26),
                ]
            ),
            lighter(roof, 0.15),
        )
        c.path(
            poly(
                [
                    (300 - w - 26, top + 6),
                    (300 + w + 14, top - 30),
                    (300 + w + 14, top - 12),
                    (300 - w - 26, top + 24),
                ]
            ),
            darker(roof, 0.2),
        )
    else:
        if not open_feeder:
            wood(
                c,
                poly([(300 - w, top + 1), (300, peak + 12), (300 + w, top + 1)]),
                main,
                turn=90,
                scale=1.2,
            )
        c.path(
            poly(
                [(300, peak), (300 + w + 26, top + 14), (300 + w + 72, top - 12), (344, peak - 24)]
            ),
            c.linear((0, darker(roof, 0.15)), (1, darker(roof, 0.4))),
        )
        c.path(
            poly(
                [
                    (300 - w - 26, top + 14),
                    (300, peak),
                    (300 + w + 26, top + 14),
                    (300 + w + 12, top + 26),
                    (300, peak + 26),
                    (300 - w - 12, top + 26),
                ]
            ),
            c.linear((0, lighter(roof, 0.2)), (1, darker(roof, 0.18))),
        )
    wood(c, box(300 - w - 18, base - 4, 2 * w + 40, 20, 3), main, step=-0.08)
