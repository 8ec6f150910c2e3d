"""Chairs, stools, tables and shelves, three-quarter view."""

from __future__ import annotations

from .colour import darker, lighter
from .lathe import Lathe, body
from .scene import ground, stand
from .surface import block, cloth, rod, wood
from .svg import Canvas, Look, Point, box, curve, oval, poly


def _leg(c: Canvas, top: Point, foot: Point, width: float, colour: str) -> None:
    ground(c, foot[0], foot[1], width * 0.9, width * 0.36, 0.8)
    rod(c, top, foot, width, colour)


def chair(c: Canvas, look: Look) -> None:
    """A dining chair: slatted, spindle, ladder or upholstered back."""
    stand(c, look.main, 452)
    main, seat = look.main, look.accent
    soft = c.radial((0, "#2b2029", 0.3), (1, "#2b2029", 0))
    c.path(oval(330, 548, 190, 34), soft)
    _leg(c, (402, 330), (424, 522), 15, darker(main, 0.22))
    _leg(c, (216, 330), (198, 522), 15, darker(main, 0.22))
    lean = (0, -6, 4, 0)[look.shape]
    for x, x2 in ((222, 204 + lean), (396, 414 - lean)):
        rod(c, (x2, 96), (x, 334), 17, main)
    if look.shape == 0:
        for y in (112, 164, 216):
            wood(
                c,
                curve([(206, y), (308, y - 14), (412, y)])
                + curve([(412, y + 30), (308, y + 18), (206, y + 30)], start="L")
                + "Z",
                main,
            )
    elif look.shape == 1:
        for i in range(6):
            rod(c, (234 + i * 30, 118), (238 + i * 28, 330), 8, main)
        wood(
            c,
            curve([(190, 100), (308, 74), (426, 100)])
            + curve([(424, 132), (308, 112), (192, 132)], start="L")
            + "Z",
            main,
            step=0.08,
        )
    elif look.shape == 2:
        d = (
            curve(
                [(198, 110), (308, 88), (420, 110), (412, 246), (308, 254), (206, 246), (198, 110)]
            )
            + "Z"
        )
        cloth(c, d, seat, "plain", main)
        c.path(d, c.linear((0, "#fff", 0.25), (1, "#2b2029", 0.28), to=(0.8, 1)))
    else:
        wood(
            c,
            curve([(196, 96), (308, 72), (422, 96)])
            + curve([(416, 176), (308, 158), (202, 176)], start="L")
            + "Z",
            main,
            step=0.06,
        )
    top = [(180, 352), (222, 316), (398, 316), (440, 352)]
    slab = (
        curve([(178, 354), (220, 314), (310, 308), (400, 314), (442, 354), (310, 366), (178, 354)])
        + "Z"
    )
    c.path(poly([(178, 354), (442, 354), (438, 378), (182, 378)]), darker(main, 0.3))
    if look.shape in {0, 2}:
        cloth(c, slab, seat, "plain", main)
        c.path(slab, c.linear((0, "#fff", 0.25), (1, "#2b2029", 0.2)))
        if look.pattern == "wicker":
            c.stroke(
                "".join(f"M{190 + i * 24} 352l{30 - i * 5} -36" for i in range(11)),
                darker(seat, 0.4),
                2,
                op=0.5,
            )
    else:
        wood(c, slab, main, step=0.12)
        c.path(
            curve([(222, 350), (262, 330), (358, 330), (398, 350)]), stroke="#2b2029", sw=8, op=0.1
        )
    c.stroke(f"M{top[0][0]} 356h262", lighter(main, 0.5), 3, op=0.6)
    _leg(c, (196, 376), (176, 552), 18, main)
    _leg(c, (424, 376), (446, 552), 18, main)
    rod(c, (188, 462), (436, 462), 9, darker(main, 0.1))


def stool(c: Canvas, look: Look) -> None:
    """A stool: round, saddle, low or upholstered."""
    stand(c, look.main, 452)
    main = look.main
    y = (250, 210, 340, 290)[look.shape]
    r = (128, 112, 146, 138)[look.shape]
    c.path(oval(330, 542, r * 1.3, 34), c.radial((0, "#2b2029", 0.32), (1, "#2b2029", 0)))
    splay = (34, 44, 26, 20)[look.shape]
    _leg(c, (300 - r * 0.4, y + 20), (300 - r * 0.4 - splay * 0.4, 512), 15, darker(main, 0.28))
    _leg(c, (300 + r * 0.4, y + 20), (300 + r * 0.4 + splay * 0.4, 512), 15, darker(main, 0.28))
    rod(
        c,
        (300 - r * 0.66, y + (540 - y) * 0.62),
        (300 + r * 0.66, y + (540 - y) * 0.62),
        9,
        darker(main, 0.12),
    )
    _leg(c, (300 - r * 0.62, y + 20), (300 - r * 0.62 - splay, 546), 18, main)
    _leg(c, (300 + r * 0.62, y + 20), (300 + r * 0.62 + splay, 546), 18, main)
    if look.shape == 3:
        form = Lathe(300, [(y - 44, r * 0.92), (y - 20, r * 1.02), (y + 16, r)], 0.24)
        body(c, form, look.accent)
        cloth(c, oval(300, y - 44, r * 0.92, r * 0.22), look.accent, look.pattern, main, step=0.16)
        c.stroke(form.ring(y + 8), darker(look.accent, 0.4), 3, op=0.6)
        return
    ry = r * 0.27
    c.path(oval(300, y + 24, r, ry), darker(main, 0.42))
    c.path(box(300 - r, y, 2 * r, 24), c.linear((0, lighter(main, 0.1)), (1, darker(main, 0.36))))
    wood(c, oval(300, y, r, ry), main, step=0.16, scale=1.2)
    c.path(oval(300, y + 3, r * 0.78, ry * 0.72), c.linear((0, "#2b2029", 0.2), (1, "#fff", 0.2)))
    if look.pattern == "dip":
        for x, x2 in (
            (300 - r * 0.62 - splay * 0.72, 300 - r * 0.62 - splay),
            (300 + r * 0.62 + splay * 0.72, 300 + r * 0.62 + splay),
        ):
            rod(c, (x, 462), (x2, 546), 18.5, look.accent)


def side_table(c: Canvas, look: Look) -> None:
    """A small table: round tripod, drum, with a drawer, or tray-topped."""
    stand(c, look.main, 452)
    main = look.main
    c.path(oval(340, 546, 190, 32), c.radial((0, "#2b2029", 0.32), (1, "#2b2029", 0)))
    if look.shape == 2:
        for x in (180, 402):
            _leg(c, (x + 18, 300), (x + 18, 520), 14, darker(main, 0.3))
        block(c, [(160, 262), (420, 262), (420, 362), (160, 362)], (34, -30), main, wooden=True)
        wood(c, box(178, 284, 224, 60, 3), main, step=0.1)
        c.path(box(178, 284, 224, 60, 3), stroke=darker(main, 0.55), sw=2, op=0.6)
        c.path(
            oval(290, 314, 11, 11), c.radial((0, "#f3dfa8"), (1, "#7c5e22"), at=(0.35, 0.3), r=0.7)
        )
        _leg(c, (172, 362), (168, 548), 17, main)
        _leg(c, (408, 362), (412, 548), 17, main)
        return
    y, r = (236, 270, 0, 250)[look.shape], (180, 150, 0, 168)[look.shape]
    if look.shape == 1:
        ground(c, 300, 540, r * 0.8, 30)
        form = Lathe(300, [(y, r), (y + 60, r * 0.86), (540, r * 0.78)], 0.22)
        body(c, form, main)
        with c.clip(form.outline()):
            c.stroke(
                "".join(curve(form.meridian(s / 9)) for s in range(-8, 9)), "#2b2029", 4, op=0.28
            )
    else:
        for x1, x2, dark in ((300, 322, 0.3), (270, 172, 0.0), (330, 428, 0.0)):
            _leg(c, (x1, y + 10), (x2, 512 if dark else 548), 17, darker(main, dark))
        if look.shape == 3:
            c.path(oval(300, 440, 92, 20), darker(main, 0.3))
            wood(c, oval(300, 434, 92, 20), main, step=0.1)
    ry = r * 0.24
    c.path(oval(300, y + 18, r, ry), darker(main, 0.45))
    wood(c, oval(300, y, r, ry), main, step=0.14, scale=1.4)
    if look.shape == 3:
        c.path(oval(300, y - 4, r, ry), stroke=look.accent, sw=9)
        c.path(oval(300, y - 7, r, ry), stroke=lighter(look.accent, 0.5), sw=2)
    c.path(oval(300, y, r - 2, ry - 2), stroke=lighter(main, 0.5), sw=2, op=0.5)


def bench(c: Canvas, look: Look) -> None:
    """A bench for a hall or a long table."""
    stand(c, look.main, 440)
    main = look.main
    c.path(oval(340, 512, 260, 34), c.radial((0, "#2b2029", 0.34), (1, "#2b2029", 0)))
    for x in (112, 452):
        _leg(c, (x + 40, 340), (x + 44, 480), 15, darker(main, 0.3))
    if look.shape == 2:
        block(
            c,
            [(110, 450), (470, 450), (470, 462), (110, 462)],
            (46, -36),
            darker(main, 0.05),
            wooden=True,
        )
    if look.shape == 1:
        rod(c, (100, 440), (480, 440), 10, darker(main, 0.15))
    block(c, [(70, 330), (490, 330), (490, 356), (70, 356)], (56, -46), main, wooden=True)
    if look.shape in {0, 3}:
        pad = [(76, 312), (486, 312), (490, 332), (72, 332)]
        top = [(76, 312), (128, 272), (536, 272), (486, 312)]
        cloth(c, poly(top), look.accent, look.pattern, main, step=0.14)
        cloth(c, poly(pad), look.accent, look.pattern, main, step=-0.1)
        cloth(
            c,
            poly([(486, 312), (536, 272), (544, 288), (490, 332)]),
            look.accent,
            "plain",
            main,
            step=-0.3,
        )
    for x in (88, 472):
        _leg(c, (x, 356), (x + (-6 if x < 200 else 6), 520), 20, main)


def shelf(c: Canvas, look: Look) -> None:
    """Shelving: a low bookcase, a ladder, a tall case or a wall shelf."""
    stand(c, look.main, 452)
    main = look.main
    x, w = (150, 190, 196, 110)[look.shape], (280, 210, 190, 360)[look.shape]
    top, foot = (190, 90, 76, 300)[look.shape], (530, 540, 544, 520)[look.shape]
    rows = (3, 4, 5, 2)[look.shape]
    depth = (34, -24)
    c.path(
        oval(x + w / 2 + 50, foot, w * 0.75, 28), c.radial((0, "#2b2029", 0.36), (1, "#2b2029", 0))
    )
    if look.shape == 1:
        for sx in (x, x + w):
            rod(c, (sx + (16 if sx == x else -16), top), (sx, foot), 14, main)
    else:
        c.path(box(x + depth[0], top + depth[1], w, foot - top - 4), darker(main, 0.5))
        c.path(box(x + 8, top, w - 8, foot - top), darker(main, 0.38))
    tall = (foot - top) / rows
    inks = (
        look.accent,
        darker(look.accent, 0.3),
        lighter(main, 0.4),
        "#a5543a",
        "#54687a",
        "#d3b577",
        "#7d8b6a",
    )
    for row in range(rows):
        y = top + tall * (row + 1) - 14
        bx: float = x + 24
        stop = x + w * look.dice.between(0.5, 0.85)
        while bx < stop:
            bw, bh = look.dice.between(12, 26), tall * look.dice.between(0.5, 0.72)
            ink = look.dice.pick(inks)
            c.path(
                box(bx, y - bh, bw, bh, 2), c.linear((0, lighter(ink, 0.2)), (1, darker(ink, 0.25)))
            )
            bx += bw + 1
        if row % 2:
            pot = Lathe(x + w * 0.9 - 14, [(y - 40, 18), (y - 20, 22), (y, 15)])
            body(c, pot, look.accent)
    for row in range(rows + 1):
        y = top + tall * row
        if look.shape == 1 and row == 0:
            continue
        inset = 0 if look.shape != 1 else (rows - row) * 4
        wood(c, box(x + inset - 4, y - 14, w - 2 * inset + 8, 14, 2), main, step=0.08)
    if look.shape != 1:
        for sx in (x - 4, x + w - 10):
            wood(c, box(sx, top - 14, 14, foot - top + 14, 2), main, turn=90)
        c.path(
            poly(
                [
                    (x + w + 4, top - 14),
                    (x + w + 4 + depth[0], top - 14 + depth[1]),
                    (x + w + 4 + depth[0], foot + depth[1]),
                    (x + w + 4, foot),
                ]
            ),
            darker(main, 0.42),
        )
        wood(
            c,
            poly(
                [
                    (x - 4, top - 14),
                    (x + w + 4, top - 14),
                    (x + w + 4 + depth[0], top - 14 + depth[1]),
                    (x - 4 + depth[0], top - 14 + depth[1]),
                ]
            ),
            main,
            step=0.22,
        )
