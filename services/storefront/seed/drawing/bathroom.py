"""Soap, dishes, bottles and brushes."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .cups import finish
from .lathe import Lathe, rim, sheen, turned
from .scene import cast, ground, lay, stand
from .surface import wood
from .svg import Canvas, Look, box, curve, oval


def soap(c: Canvas, look: Look) -> None:
    """A bar of soap in a paper band, or a stack of them."""
    stand(c, look.main)
    bars = (1, 2, 1, 3)[look.shape]
    ground(c, 310, 486, 170, 28)
    for i in range(bars):
        y = 478 - (i + 1) * 92 if bars > 1 else 350
        h = 90 if bars > 1 else 132
        x, w, depth = 146 + i * 8, 282 - i * 10, 46
        colour = look.main if i % 2 == 0 else look.accent
        side = f"M{x + w - 5} {y + 2}l{depth + 2} -32v{h - 8}l{3 - depth} 32z"
        c.path(side, darker(colour, 0.3))
        c.path(f"M{x + 8} {y}l{depth - 4} -32h{w - 8}l{-depth} 32z", lighter(colour, 0.3))
        face = box(x, y, w, h, 12)
        c.path(face, c.linear((0, lighter(colour, 0.2)), (1, darker(colour, 0.16)), to=(0.5, 1)))
        spots = [
            (x + look.dice.between(10, w - 10), y + look.dice.between(10, h - 10))
            for _ in range(26)
        ]
        if look.pattern in {"speckle", "herb", "rings"}:
            c.dots(spots, darker(look.accent, 0.25), 4, 0.55)
        band_x, band_w = x + w * 0.3, w * 0.4
        paper = "#f3e9d6" if i % 2 == 0 else mix(look.main, "#f3e9d6", 0.7)
        c.path(
            box(band_x, y, band_w, h), c.linear((0, lighter(paper, 0.4)), (1, darker(paper, 0.1)))
        )
        c.path(f"M{band_x + 4} {y}l{depth - 4} -32h{band_w}l{-depth} 32z", lighter(paper, 0.5))
        ink, cx = darker(look.main, 0.45), band_x + band_w / 2
        c.path(
            (
                f"M{cx} {y + h * 0.52}q-16 -8 -4 -26q18 8 4 26zM{cx + 3} {y + h * 0.5}q4 "
                "-14 18 -14q-3 14 -18 14z"
            ),
            ink,
        )
        c.stroke(f"M{cx - 30} {y + h * 0.68}h60M{cx - 18} {y + h * 0.79}h36", ink, 3, op=0.6)


def soap_dish(c: Canvas, look: Look) -> None:
    """A dish with a bar of soap on it."""
    stand(c, look.main, 390)
    k, cx, y = look.size, 300, 440
    rx, ry = (190, 170, 200, 180)[look.shape] * k, (62, 66, 54, 70)[look.shape] * k
    wooden = look.material in {"oak", "walnut", "ash", "beech", "cherry", "acacia"}
    ground(c, cx, y + 30, rx * 0.86, ry * 0.8)
    wall = (
        f"M{cx - rx:g} {y:g}Q{cx - rx * 0.86:g} {y + 50:g} {cx - rx * 0.5:g} "
        f"{y + ry * 0.9:g}A{rx:g} {ry:g} 0 0 0 {cx + rx * 0.5:g} {y + ry * 0.9:g}"
        f"Q{cx + rx * 0.86:g} {y + 50:g} {cx + rx:g} {y:g}z"
    )
    c.path(wall, sheen(c, darker(look.main, 0.1), "matte" if wooden else finish(look)))
    if wooden:
        wood(c, oval(cx, y, rx, ry), look.main, step=0.1)
    else:
        c.path(
            oval(cx, y, rx, ry),
            c.linear((0, lighter(look.main, 0.4)), (1, darker(look.main, 0.08))),
        )
    c.path(
        oval(cx, y + 3, rx - 14, ry - 10),
        c.linear((0, darker(look.main, 0.32)), (1, lighter(look.main, 0.16)), to=(0.4, 1)),
    )
    if look.pattern != "plain":
        c.path(oval(cx, y, rx - 5, ry - 4), stroke=look.accent, sw=5, op=0.8)
    bar = ("#f1e3cc", "#dfe6d8", "#ead0c6", "#d9c39a")[look.dice.whole(0, 3)]
    body = (
        f"M{cx - 110 * k:g} {y - 10:g}Q{cx - 116 * k:g} {y + 26:g} {cx - 80 * k:g} "
        f"{y + 32:g}H{cx + 80 * k:g}Q{cx + 116 * k:g} {y + 26:g} {cx + 110 * k:g} "
        f"{y - 10:g}z"
    )
    c.path(oval(cx + 6, y + 26, 118 * k, 26), "#2b2029", op=0.3)
    c.path(body, sheen(c, bar))
    c.path(
        oval(cx, y - 12, 110 * k, 34 * k),
        c.radial((0, lighter(bar, 0.7)), (1, bar), at=(0.35, 0.3), r=0.8),
    )
    c.path(oval(cx, y - 12, 76 * k, 20 * k), stroke=darker(bar, 0.2), sw=2.5, op=0.5)
    c.path(f"M{cx:g} {y - 2:g}q-18 -6 -6 -18q18 4 6 18z", darker(bar, 0.3), op=0.6)


def dispenser(c: Canvas, look: Look) -> None:
    """A pump bottle for soap or lotion."""
    stand(c, look.main)
    k, cx, base = look.size, 310, 494
    tall, r = (210, 180, 230, 160)[look.shape] * k, (76, 88, 68, 96)[look.shape] * k
    top = base - tall
    forms = (
        [(top, r * 0.46), (top + 22, r * 0.9), (top + 46, r), (base - 8, r), (base, r * 0.94)],
        [(top, r * 0.4), (top + tall * 0.3, r * 0.86), (top + tall * 0.7, r), (base, r * 0.84)],
        [(top, r * 0.9), (top + 10, r), (base - 6, r), (base, r * 0.95)],
        [(top, r * 0.4), (top + 24, r * 0.8), (top + tall * 0.5, r), (base, r * 0.7)],
    )
    form = Lathe(cx, forms[look.shape])
    ground(c, cx, base + 3, form.foot * 1.1, form.foot * 0.27)
    turned(
        c,
        form,
        look.main,
        look.accent,
        look.pattern,
        "gloss" if look.material == "glass" else finish(look),
    )
    metal = "#c9a24b" if look.shape % 2 else "#b9bdbf"
    c.path(box(cx - 26 * k, top - 30, 52 * k, 36, 5), sheen(c, metal, "metal"))
    c.path(box(cx - 7, top - 66, 14, 40), sheen(c, metal, "metal"))
    nozzle = (
        f"M{cx + 26:g} {top - 88:g}H{cx - 66:g}Q{cx - 92:g} {top - 88:g} {cx - 92:g} "
        f"{top - 58:g}h14Q{cx - 78:g} {top - 70:g} {cx - 62:g} {top - 70:g}H{cx + 26:g}z"
    )
    c.path(nozzle, sheen(c, metal, "metal", upright=True))
    if look.pattern == "plain":
        mid = top + tall * 0.62
        label = box(cx - r * 0.5, mid - 44, r, 88, 4)
        c.path(label, c.linear((0, "#fbf4e4"), (1, "#ded2b9")))
        ink = darker(look.main, 0.4)
        c.path(f"M{cx:g} {mid - 2:g}q-18 -8 -4 -28q20 8 4 28z", ink, op=0.8)
        c.stroke(f"M{cx - 22:g} {mid + 14:g}h44M{cx - 14:g} {mid + 24:g}h28", ink, 2.5, op=0.6)


def toothmug(c: Canvas, look: Look) -> None:
    """A beaker with toothbrushes."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 492
    tall, r = (176, 150, 190, 160)[look.shape] * k, (80, 92, 72, 86)[look.shape] * k
    top = base - tall
    form = Lathe(
        cx,
        [
            (top, r),
            (top + tall * 0.5, r * (0.96, 1.06, 1, 0.9)[look.shape]),
            (base - 12, r * 0.96),
            (base, r * 0.86),
        ],
    )
    ground(c, cx, base + 3, form.foot * 1.15, form.foot * 0.28)
    c.path(oval(cx, top, r, r * 0.2), darker(look.main, 0.5))
    for x, lean, bristle in ((cx - 20, -16, look.accent), (cx + 24, 20, "#f3ead8"))[
        : 1 + look.shape % 2 + (look.shape == 2)
    ]:
        with c.group(transform=f"rotate({lean} {x:g} {top + 40:g})"):
            c.path(box(x - 9, top - 150, 18, 200, 9), sheen(c, "#cfa873"))
            c.path(
                box(x - 22, top - 142, 16, 58, 3),
                c.linear((0, lighter(bristle, 0.4)), (1, darker(bristle, 0.15))),
            )
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    edge = f"M{cx - r:g} {top:g}A{r:g} {r * 0.2:g} 0 0 0 {cx + r:g} {top:g}"
    c.stroke(edge, lighter(look.main, 0.45), 6, cap="butt")


def brush(c: Canvas, look: Look) -> None:
    """A bath, nail, dish or clothes brush."""
    lay(c, look.main)
    forms = (
        (
            (
                "M120 300Q120 244 190 244Q270 244 300 282Q420 270 520 286Q548 300 520 316"
                "Q420 328 300 318Q270 356 190 356Q120 356 120 300Z"
            ),
            (136, 190, 244),
        ),
        (box(140, 236, 320, 130, 60), (160, 290, 440)),
        (oval(190, 300, 84, 84) + box(266, 282, 260, 36, 18), (120, 190, 262)),
        (
            (
                "M130 300Q140 240 300 236Q460 240 540 286Q556 300 540 316Q460 362 300 364"
                "Q140 360 130 300Z"
            ),
            (160, 260, 360),
        ),
    )
    d, places = forms[look.shape]
    with c.group(transform=f"rotate({(-34, -20, -38, -26)[look.shape]} 300 300)"):
        bristle = look.accent
        left, right = places[0], places[-1]
        tuft = "".join(
            f"M{left + i * (right - left) / 22:.0f} 330q{(i % 3) * 3 - 3} 26 {(i % 4) * 3 - 4} 74"
            for i in range(23)
        )
        c.stroke(tuft, "#2b2029", 9, op=0.16, transform="translate(10 12)")
        c.stroke(tuft, darker(bristle, 0.22), 9)
        c.stroke(tuft, lighter(bristle, 0.25), 3)
        cast(c, d, 8, 14, 7, 0.34)
        wood(c, d, look.main)
        c.path(
            d,
            c.linear(
                (0, "#fff", 0.4),
                (0.35, "#fff", 0),
                (0.6, "#2b2029", 0),
                (1, "#2b2029", 0.4),
                to=(0, 1),
            ),
        )
        if look.shape in {0, 2}:
            c.path(oval(504, 300, 8, 8), darker(look.main, 0.6))
            c.stroke("M504 300q40 -10 60 26q-10 26 -34 6q-20 -18 -26 -30", "#8a5d3b", 4)
        c.stroke(
            curve([(left + 20, 268), (sum(places) / 3, 258), (right - 10, 266)]), "#fff", 5, op=0.35
        )


def bath_jar(c: Canvas, look: Look) -> None:
    """A lidded jar for cotton, salts or scrub."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 490
    tall, r = (150, 120, 180, 140)[look.shape] * k, (108, 122, 94, 114)[look.shape] * k
    top = base - tall
    form = Lathe(cx, [(top, r * 0.94), (top + 20, r), (base - 14, r), (base, r * 0.9)])
    ground(c, cx, base + 3, r * 1.06, r * 0.26)
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    rim(c, form, look.main, lip=7, inside=darker(look.main, 0.1), fill="#f7f2ea", level=0.1)
    lid = Lathe(cx + 20, [(top - 46, r * 0.3), (top - 40, r * 0.7), (top - 18, r * 0.98)])
    with c.group(transform=f"rotate(-8 {cx} {top})"):
        turned(c, lid, look.accent, look.main, "plain", finish(look))
        c.path(
            oval(cx + 20, top - 54, 20, 15),
            c.radial(
                (0, lighter(look.accent, 0.6)),
                (1, darker(look.accent, 0.35)),
                at=(0.35, 0.3),
                r=0.75,
            ),
        )
