"""What keeps a desk in order."""

from __future__ import annotations

from .colour import darker, lighter
from .cups import finish
from .lathe import Lathe, sheen, turned
from .scene import ground, lay, stand
from .surface import block, wood
from .svg import Canvas, Look, box, oval, poly

WOODS = {"oak", "walnut", "ash", "beech", "cherry", "birch"}


def pen_pot(c: Canvas, look: Look) -> None:
    """A pot with pens, brushes and a ruler."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 494
    tall, r = (190, 170, 210, 160)[look.shape] * k, (88, 98, 80, 104)[look.shape] * k
    top = base - tall
    form = Lathe(
        cx,
        [
            (top, r),
            (top + tall * 0.5, r * (1, 0.94, 1, 1.05)[look.shape]),
            (base - 8, r * 0.98),
            (base, r * 0.92),
        ],
    )
    ground(c, cx, base + 3, r * 1.05, r * 0.26)
    c.path(oval(cx, top, r, r * 0.2), darker(look.main, 0.55))
    inks = ("#b4543a", "#3f5a72", "#d8a84a", "#5f7355", "#2f2c30", look.accent)
    for i, lean in enumerate((-15, -6, 5, 14, 20)[: 3 + look.dice.whole(0, 2)]):
        x = cx - r * 0.5 + i * r * 0.26
        ink = look.dice.pick(inks)
        with c.group(transform=f"rotate({lean} {x:g} {top + 60:g})"):
            high = look.dice.between(110, 160)
            if i == 1:
                c.path(
                    box(x - 14, top - high, 28, high + 60, 2),
                    c.linear((0, "#eed7ad"), (1, "#b88f5b")),
                )
                c.stroke(
                    "".join(
                        f"M{x - 14:g} {top - high + 10 + n * 12:g}h{12 if n % 5 == 0 else 7}"
                        for n in range(10)
                    ),
                    "#5f452a",
                    2,
                )
            elif i == 3:
                c.path(box(x - 6, top - high + 34, 12, high + 30), sheen(c, "#cfa873"))
                c.path(box(x - 8, top - high + 18, 16, 26), sheen(c, "#b9bdbf", "metal"))
                c.path(f"M{x - 9:g} {top - high + 18:g}q-2 -30 9 -54q11 24 9 54z", "#4b3a30")
            else:
                c.path(
                    box(x - 9, top - high, 18, high + 60),
                    c.linear(
                        (0, lighter(ink, 0.2)),
                        (0.4, ink),
                        (0.42, darker(ink, 0.2)),
                        (1, darker(ink, 0.35)),
                    ),
                )
                c.path(
                    (
                        f"M{x - 9:g} {top - high:g}L{x:g} {top - high - 32:g}L{x + 9:g} "
                        f"{top - high:g}Z"
                    ),
                    "#e2bf8c",
                )
                c.path(
                    (
                        f"M{x - 3:g} {top - high - 21:g}L{x:g} {top - high - 32:g}"
                        f"L{x + 3:g} {top - high - 21:g}Z"
                    ),
                    darker(ink, 0.3),
                )
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    if look.material in WOODS:
        wood(c, form.outline(), look.main, turn=90)
        c.path(
            form.outline(),
            c.linear(
                (0, "#2b2029", 0.25), (0.25, "#fff", 0.22), (0.6, "#fff", 0), (1, "#2b2029", 0.4)
            ),
        )
    edge = f"M{cx - r:g} {top:g}A{r:g} {r * 0.2:g} 0 0 0 {cx + r:g} {top:g}"
    c.stroke(edge, lighter(look.main, 0.4), 6, cap="butt")


def desk_tray(c: Canvas, look: Look) -> None:
    """A letter tray or a stack of two, with paper."""
    stand(c, look.main)
    rows = (1, 2, 2, 3)[look.shape]
    ground(c, 326, 492, 220, 26)
    x, w, dx, dy = 90, 330, 86, -66
    for row in range(rows):
        y = 488 - row * 96
        c.path(
            poly([(x, y - 10), (x + w, y - 10), (x + w + dx, y - 10 + dy), (x + dx, y - 10 + dy)]),
            darker(look.main, 0.25),
        )
        c.path(
            poly(
                [
                    (x + dx, y - 60 + dy),
                    (x + w + dx, y - 60 + dy),
                    (x + w + dx, y - 10 + dy),
                    (x + dx, y - 10 + dy),
                ]
            ),
            darker(look.main, 0.35),
        )
        for i, paper in enumerate(("#efe6d2", "#fbf6ea")):
            c.path(
                poly(
                    [
                        (x + 22, y - 16 - i * 6),
                        (x + w - 16, y - 16 - i * 6),
                        (x + w + dx - 30, y - 20 - i * 6 + dy),
                        (x + dx + 8, y - 20 - i * 6 + dy),
                    ]
                ),
                paper,
            )
        c.stroke(f"M{x + 90} {y - 44}h170M{x + 100} {y - 52}h120", "#6a5a55", 3, op=0.4)
        for sx in (x, x + w):
            side = [(sx, y - 56), (sx + dx, y - 56 + dy), (sx + dx, y + dy), (sx, y)]
            step = -0.1 if sx == x else -0.3
            if look.material in WOODS:
                wood(c, poly(side), look.main, step=step)
            else:
                c.path(
                    poly(side),
                    c.linear((0, darker(look.main, -step)), (1, darker(look.main, -step + 0.1))),
                )
            c.stroke(f"M{sx} {y - 56}l{dx} {dy}", lighter(look.main, 0.5), 4)
        block(
            c,
            [(x, y - 20), (x + w, y - 20), (x + w, y), (x, y)],
            (4, -3),
            look.main,
            wooden=look.material in WOODS,
        )
        if row < rows - 1:
            for px in (x + 6, x + w - 6):
                c.path(box(px - 5, y - 100, 10, 50), sheen(c, look.accent, "metal"))


def scissors(c: Canvas, look: Look) -> None:
    """Scissors, slightly open."""
    lay(c, look.main)
    with c.group(transform=f"rotate({(-34, -48, -28, -40)[look.shape]} 300 300)"):
        for way, tint in ((-1, "#aab0b3"), (1, "#d5d9db")):
            with c.group(transform=f"rotate({way * 9} 300 300)"):
                blade = (
                    f"M306 {300 - way * 14}L70 {300 - way * 2}Q52 300 66 {300 + way * 6}"
                    f"L306 {300 + way * 12}Z"
                )
                shank = (
                    f"M296 {300 - way * 12}L372 {300 - way * 6}L400 {300 + way * 22}L388 "
                    f"{300 + way * 34}L300 {300 + way * 12}Z"
                )
                c.path(blade + shank, "#2b2029", op=0.28, transform="translate(6 14)")
                c.path(
                    blade,
                    c.linear(
                        (0, lighter(tint, 0.6)), (0.5, tint), (1, darker(tint, 0.3)), to=(0, 1)
                    ),
                )
                c.path(shank, c.linear((0, tint), (1, darker(tint, 0.3)), to=(0, 1)))
                ring = oval(458, 300 + way * 44, 74, 42)
                c.path(ring, stroke="#2b2029", sw=24, op=0.24, transform="translate(6 14)")
                c.path(ring, stroke=darker(look.main, 0.35), sw=25)
                c.path(ring, stroke=look.main, sw=18)
                c.path(
                    ring, stroke=lighter(look.main, 0.5), sw=4, op=0.7, transform="translate(-2 -4)"
                )
        c.path(oval(300, 300, 15, 15), c.radial((0, "#fff"), (1, "#777f83"), at=(0.35, 0.3), r=0.7))
        c.stroke("M291 300h18", "#555c60", 4)
