"""Tea and coffee things, and tins to keep them in."""

from __future__ import annotations

from .colour import darker, lighter
from .cups import COFFEE, finish, loop
from .lathe import Lathe, body, rim, sheen, turned
from .scene import ground, stand
from .surface import wood
from .svg import Canvas, Look, box, curve, oval, poly

STEEL = "#b9bdbf"
OAK = "#c39a63"


def dripper(c: Canvas, look: Look) -> None:
    """A pour-over cone on a glass server or a cup."""
    k, cx, base = look.size, 300, 494
    stand(c, look.main)
    ground(c, cx, base + 2, 96 * k, 26 * k)
    server = Lathe(
        cx, [(352, 60 * k), (380, 66 * k), (440, 96 * k), (base - 14, 96 * k), (base, 86 * k)]
    )
    if look.shape % 2:
        turned(c, server, lighter(look.main, 0.15), look.accent, "plain", finish(look))
        loop(c, [(386, 392), (452, 386), (450, 452), (388, 462)], lighter(look.main, 0.15), 17)
    else:
        loop(c, [(372, 390), (446, 384), (444, 452), (388, 462)], "#cfe0e2", 13)
        c.path(
            server.outline(),
            c.linear(
                (0, "#7d9a9c", 0.6), (0.2, "#fff", 0.5), (0.5, "#dfeceb", 0.25), (1, "#6f8a8d", 0.6)
            ),
        )
        with c.clip(server.outline()):
            c.path(
                server.band(440, 560),
                c.linear((0, darker(COFFEE, 0.1)), (0.25, "#6b3d22"), (1, "#22130d")),
            )
        c.stroke("M224 440Q222 466 232 478", "#fff", 6, op=0.7)
    c.path(oval(cx, 352, 116 * k, 24 * k), darker(look.main, 0.3))
    c.path(
        oval(cx, 347, 116 * k, 24 * k),
        c.linear((0, lighter(look.main, 0.4)), (1, darker(look.main, 0.2))),
    )
    cone = Lathe(
        cx,
        [(214, (124, 116, 130, 120)[look.shape] * k), (300, 74 * k), (344, 46 * k), (350, 46 * k)],
    )
    loop(c, [(396, 240), (458, 236), (452, 290), (372, 306)], look.main, 16)
    turned(c, cone, look.main, look.accent, look.pattern, finish(look))
    rim(c, cone, look.main, lip=6, inside=lighter(look.main, 0.2))
    paper = (
        f"M{cx - 108 * k:g} 214L{cx:g} 232L{cx + 108 * k:g} 214Q{cx:g} 246 {cx - 108 * k:g} 214Z"
    )
    c.path(paper, "#f4ecdc", op=0.85)


def kettle(c: Canvas, look: Look) -> None:
    """A stove-top kettle."""
    k, cx, base = look.size, 300, 488
    stand(c, look.main)
    tall, r = (160, 184, 150, 190)[look.shape] * k, (134, 118, 142, 112)[look.shape] * k
    top = base - tall
    fin = "metal" if look.material in {"steel", "copper"} else "gloss"
    form = Lathe(
        cx,
        [
            (top, r * 0.46),
            (top + tall * 0.2, r * 0.72),
            (top + tall * 0.7, r),
            (base - 8, r),
            (base, r * 0.92),
        ],
    )
    ground(c, cx, base + 4, r * 1.02, r * 0.26)
    sx, sy = cx - r * 0.78, top + tall * 0.62
    spout = (
        curve([(sx, sy + 30), (sx - 46, sy - 10), (sx - 76, top + 6)])
        + curve(
            [(sx - 76, top + 6), (sx - 52, top - 2), (sx - 14, sy - 40), (sx + 30, sy - 46)],
            start="L",
        )
        + "Z"
    )
    c.path(spout, sheen(c, look.main, fin, upright=True))
    c.path(oval(sx - 64, top + 2, 14, 5), darker(look.main, 0.6))
    arch = curve(
        [
            (cx - r * 0.66, top + tall * 0.26),
            (cx - r * 0.62, top - 60),
            (cx, top - 108),
            (cx + r * 0.62, top - 60),
            (cx + r * 0.66, top + tall * 0.26),
        ]
    )
    c.stroke(arch, darker(STEEL, 0.35), 9)
    c.stroke(arch, lighter(STEEL, 0.4), 4)
    grip = curve([(cx - r * 0.5, top - 82), (cx, top - 109), (cx + r * 0.5, top - 82)])
    c.stroke(grip, darker(look.accent, 0.35), 24)
    c.stroke(grip, look.accent, 17)
    c.stroke(grip, lighter(look.accent, 0.5), 4, op=0.7, transform="translate(-1 -5)")
    turned(c, form, look.main, look.accent, look.pattern, fin)
    lid = Lathe(cx, [(top - 14, r * 0.2), (top - 8, r * 0.38), (top + 4, r * 0.48)])
    c.path(oval(cx, top + 6, r * 0.5, r * 0.1), darker(look.main, 0.5))
    turned(c, lid, look.main, look.accent, "plain", fin)
    c.path(
        oval(cx, top - 26, 15, 13),
        c.radial(
            (0, lighter(look.accent, 0.5)), (1, darker(look.accent, 0.4)), at=(0.35, 0.3), r=0.7
        ),
    )


def cafetiere(c: Canvas, look: Look) -> None:
    """A plunger pot: glass in a frame, or a clay one."""
    k, cx, base = look.size, 290, 492
    stand(c, look.main)
    tall, r = (230, 250, 210, 240)[look.shape] * k, (84, 78, 92, 80)[look.shape] * k
    top = base - tall
    form = Lathe(cx, [(top, r), (top, r), (base - 8, r), (base, r * 0.95)])
    ground(c, cx + 10, base + 4, r * 1.15, r * 0.28)
    loop(
        c,
        [
            (cx + r - 2, top + 34),
            (cx + r + 70, top + 36),
            (cx + r + 72, top + tall * 0.66),
            (cx + r - 2, top + tall * 0.74),
        ],
        look.accent,
        19,
    )
    if look.material in {"stoneware", "porcelain", "enamel"}:
        turned(c, form, look.main, look.accent, look.pattern, finish(look))
    else:
        c.path(
            form.outline(),
            c.linear(
                (0, "#7d9a9c", 0.7), (0.2, "#fff", 0.55), (0.5, "#dfeceb", 0.3), (1, "#6f8a8d", 0.7)
            ),
        )
        with c.clip(form.outline()):
            c.path(
                form.band(top + tall * 0.3, base + 60),
                c.linear((0, "#2a1710"), (0.22, "#70442a"), (0.5, "#3b2318"), (1, "#1d100b")),
            )
            for at in (0.2, 0.86):
                c.path(
                    form.band(top + tall * at, top + tall * (at + 0.09)),
                    sheen(c, look.main, "metal"),
                )
            c.path(box(cx - 7, top, 14, tall), sheen(c, look.main, "metal"), op=0.9)
            c.path(box(cx - r * 0.8, top + 20, 12, tall - 40, 6), "#fff", op=0.45)
    lid = Lathe(cx, [(top - 34, r * 0.5), (top - 22, r * 0.9), (top + 4, r * 1.04)])
    turned(
        c,
        lid,
        look.main,
        look.accent,
        "plain",
        "metal" if look.material in {"steel", "glass", "copper"} else finish(look),
    )
    c.path(box(cx - 4, top - 92, 8, 62), sheen(c, STEEL, "metal"))
    c.path(
        oval(cx, top - 98, 19, 17),
        c.radial(
            (0, lighter(look.accent, 0.55)), (1, darker(look.accent, 0.4)), at=(0.35, 0.3), r=0.7
        ),
    )


def tin(c: Canvas, look: Look) -> None:
    """A tea tin with a paper label."""
    k, cx, base = look.size, 300, 488
    stand(c, look.main)
    tall, r = (220, 170, 250, 150)[look.shape] * k, (86, 100, 76, 112)[look.shape] * k
    top = base - tall
    ground(c, cx, base + 4, r * 1.08, r * 0.26)
    fin = "metal" if look.material in {"steel", "copper", "brass"} else "gloss"
    form = Lathe(cx, [(top, r), (top, r), (base - 4, r), (base, r * 0.98)])
    turned(c, form, look.main, look.accent, look.pattern, fin)
    lid = Lathe(cx, [(top - 16, r * 1.03), (top - 16, r * 1.03), (top + tall * 0.16, r * 1.03)])
    c.path(form.band(top + tall * 0.16, top + tall * 0.2), "#2b2029", op=0.25)
    turned(c, lid, darker(look.main, 0.08), look.accent, "plain", fin)
    c.path(
        oval(cx, top - 16, r * 1.03, r * 0.206),
        c.linear((0, lighter(look.main, 0.5)), (1, darker(look.main, 0.1))),
    )
    c.path(oval(cx, top - 16, r * 0.86, r * 0.16), stroke=darker(look.main, 0.3), sw=2, op=0.5)
    if look.shape in {1, 3}:
        c.path(
            oval(cx, top - 28, 17, 11),
            c.radial(
                (0, lighter(look.accent, 0.5)), (1, darker(look.accent, 0.4)), at=(0.35, 0.3), r=0.7
            ),
        )
    with c.clip(form.outline()):
        y1, y2 = top + tall * 0.42, top + tall * 0.8
        label = (
            f"M{cx - r * 0.55:g} {y1 + r * 0.17:g}Q{cx:g} {y1 + r * 0.23:g} "
            f"{cx + r * 0.55:g} {y1 + r * 0.17:g}V{y2 + r * 0.17:g}Q{cx:g} "
            f"{y2 + r * 0.23:g} {cx - r * 0.55:g} {y2 + r * 0.17:g}Z"
        )
        c.path(label, c.linear((0, "#fbf4e4"), (1, "#ddd0b6")))
        mid = (y1 + y2) / 2 + r * 0.19
        ink = darker(look.main, 0.45)
        c.stroke(f"M{cx - 26:g} {mid + 16:g}h52M{cx - 16:g} {mid + 25:g}h32", ink, 2.5, op=0.6)
        c.path(
            (
                f"M{cx:g} {mid + 8:g}q-20 -8 -4 -30q20 10 4 30zM{cx + 4:g} {mid + 6:g}q6 "
                "-18 22 -16q-4 16 -22 16z"
            ),
            ink,
            op=0.75,
        )


def grinder(c: Canvas, look: Look) -> None:
    """A hand grinder: wood, metal hopper and crank."""
    k, cx, base = look.size, 300, 490
    stand(c, look.main)
    ground(c, cx + 10, base, 110 * k, 26 * k)
    x, w, tall = cx - 92 * k, 184 * k, 150 * k
    top = base - tall
    c.path(
        poly([(x + w, top), (x + w + 34, top - 22), (x + w + 34, base - 24), (x + w, base)]),
        darker(look.main, 0.4),
    )
    c.path(
        poly([(x, top), (x + w, top), (x + w + 34, top - 22), (x + 34, top - 22)]),
        lighter(look.main, 0.25),
    )
    wood(c, box(x, top, w, tall), look.main)
    wood(c, box(x + 22, top + 66 * k, w - 44, 62 * k, 4), look.main, step=0.12)
    c.path(
        box(x + 22, top + 66 * k, w - 44, 62 * k, 4), stroke=darker(look.main, 0.5), sw=2, op=0.6
    )
    c.path(
        oval(cx, top + 97 * k, 11, 11),
        c.radial(
            (0, lighter(look.accent, 0.7)), (1, darker(look.accent, 0.4)), at=(0.35, 0.3), r=0.7
        ),
    )
    hop = Lathe(cx + 14, [(top - 96, 74 * k), (top - 60, 66 * k), (top - 10, 26 * k)], 0.22)
    body(c, hop, look.accent, "metal")
    rim(c, hop, look.accent, lip=5, inside=darker(look.accent, 0.3), fill="#4a2d1c")
    c.path(box(cx + 9, top - 150, 10, 74), sheen(c, look.accent, "metal"))
    c.stroke(
        f"M{cx + 14:g} {top - 150:g}Q{cx - 50:g} {top - 176:g} {cx - 104:g} {top - 158:g}",
        darker(look.accent, 0.3),
        11,
    )
    c.stroke(
        f"M{cx + 14:g} {top - 152:g}Q{cx - 50:g} {top - 178:g} {cx - 104:g} {top - 160:g}",
        lighter(look.accent, 0.5),
        4,
    )
    c.path(
        oval(cx - 104, top - 178, 19, 24),
        c.radial((0, lighter(OAK, 0.5)), (1, darker(OAK, 0.4)), at=(0.35, 0.3), r=0.7),
    )
