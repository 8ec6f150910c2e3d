"""Puzzles, tops and skittles."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .lathe import Lathe, body, finish_off
from .scene import cast, ground, lay, stand
from .svg import Canvas, Look, box, curve, num, oval, pt
from .toys import ball

BEECH = "#dcb98c"


def puzzle(c: Canvas, look: Look) -> None:
    """A jigsaw in the making: a landscape with loose pieces."""
    lay(c, look.main)
    x0, y0, s = 110, 130, 76
    cols, rows = 5, 4
    with c.group(transform=f"rotate({(-8, 6, -5, 9)[look.shape]} 300 300)"):
        full = box(x0, y0, cols * s, rows * s, 6)
        cast(c, full, 10, 14, 9, 0.34)
        sky = mix(look.accent, "#fff6e6", 0.4)
        missing = {(4, 3), (look.dice.whole(1, 3), 3), (4, look.dice.whole(0, 2))}
        with c.clip(full):
            c.path(full, c.linear((0, sky), (1, lighter(sky, 0.5)), to=(0, 1)))
            c.path(oval(x0 + 270, y0 + 80, 44, 44), "#f2c66b")
            for i, (rise, step) in enumerate(((150, 0.3), (190, 0.0), (236, -0.25))):
                ink = lighter(look.main, step) if step > 0 else darker(look.main, -step)
                hill = curve(
                    [
                        (x0 - 20, y0 + rise),
                        (x0 + 90, y0 + rise - 46 + i * 10),
                        (x0 + 210, y0 + rise + 8),
                        (x0 + 310, y0 + rise - 34),
                        (x0 + 400, y0 + rise + 6),
                    ]
                )
                c.path(hill + f"V{y0 + 320}H{x0 - 20}Z", ink)
            trees = [
                (x0 + look.dice.between(20, 350), y0 + look.dice.between(215, 280))
                for _ in range(7)
            ]
            c.path(
                "".join(f"M{pt(x, y)}l-16 34h32zM{pt(x, y + 16)}l-20 36h40z" for x, y in trees),
                darker(look.main, 0.45),
            )
            for col, row in missing:
                c.path(box(x0 + col * s, y0 + row * s, s, s), "#e6dcc6")
        knobs = []
        for col in range(1, cols):
            x = x0 + col * s
            knobs.append(
                f"M{x} {y0}"
                + "".join(
                    (
                        f"v{s * 0.36:g}q-4 -8 {(10 if (r + col) % 2 else -10)} -6"
                        f"q{(14 if (r + col) % 2 else -14)} {s * 0.17:g} 0 {s * 0.34:g}"
                        f"q{(-14 if (r + col) % 2 else 14)} 2 "
                        f"{(-10 if (r + col) % 2 else 10)} -6v{s * 0.32:g}"
                    )
                    for r in range(rows)
                )
            )
        for row in range(1, rows):
            y = y0 + row * s
            knobs.append(
                f"M{x0} {y}"
                + "".join(
                    (
                        f"h{s * 0.36:g}q-8 -4 -6 {(10 if (q + row) % 2 else -10)}"
                        f"q{s * 0.17:g} {(14 if (q + row) % 2 else -14)} {s * 0.34:g} 0q2 "
                        f"{(-14 if (q + row) % 2 else 14)} -6 "
                        f"{(-10 if (q + row) % 2 else 10)}h{s * 0.32:g}"
                    )
                    for q in range(cols)
                )
            )
        c.stroke("".join(knobs), "#2b2029", 2.2, op=0.4)
        c.stroke("".join(knobs), "#fff", 1.4, op=0.4, transform="translate(1.5 1.5)")
    for x, y, turn in ((470, 470, 24), (360, 510, -18), (150, 500, 40)):
        piece = f"M{x - 34} {y - 34}h22q-8 -26 12 -26t12 26h22v22q26 -8 26 12t-26 12v22h-68z"
        with c.group(transform=f"rotate({turn + look.shape * 9} {x} {y})"):
            c.path(piece, "#2b2029", op=0.25, transform="translate(5 7)")
            c.path(
                piece,
                c.linear((0, lighter(look.main, 0.35)), (1, darker(look.main, 0.1)), to=(1, 1)),
            )


def spinning_top(c: Canvas, look: Look) -> None:
    """Spinning tops, leaning."""
    stand(c, look.main)
    for cx, base, k, lean, flip in ((400, 460, 0.72, 16, True), (240, 494, 1.0, -10, False)):
        m, a = (look.accent, look.main) if flip else (look.main, look.accent)
        ground(c, cx, base, 46 * k, 11 * k)
        ground(c, cx + 10, base - 4, 110 * k, 22 * k, 0.4)
        top = base - 190 * k
        r = (118, 100, 132, 108)[look.shape] * k
        with c.group(transform=f"rotate({lean} {cx} {base})"):
            stem = Lathe(
                cx, [(top - 84 * k, 13 * k), (top - 40 * k, 10 * k), (top + 10 * k, 18 * k)]
            )
            form = Lathe(
                cx,
                [
                    (top, r * 0.5),
                    (top + 24 * k, r * 0.94),
                    (top + 56 * k, r),
                    (top + 120 * k, r * 0.52),
                    (base - 8, 12 * k),
                    (base, 6 * k),
                ],
                0.24,
            )
            body(c, form, m)
            with c.clip(form.outline()):
                for i in range((3, 5, 2, 4)[look.shape]):
                    at = top + (28 + i * 26) * k
                    c.path(form.band(at, at + 12 * k), a)
            finish_off(c, form, "gloss")
            c.path(oval(cx, top, r * 0.5, r * 0.12), lighter(m, 0.4))
            body(c, stem, BEECH)
            ball(c, cx, top - 90 * k, 19 * k, a)


def skittles(c: Canvas, look: Look) -> None:
    """Skittles with a ball."""
    stand(c, look.main)
    m, a = look.main, look.accent
    spots = (
        (210, 446, 0.84),
        (300, 440, 0.84),
        (390, 446, 0.84),
        (254, 474, 0.94),
        (346, 474, 0.94),
    )
    for i, (cx, base, k) in enumerate(spots[: (5, 4, 5, 3)[look.shape]]):
        colour = (m, a, BEECH)[i % 3]
        top = base - 220 * k
        ground(c, cx, base, 38 * k, 10 * k)
        form = Lathe(
            cx,
            [
                (top, 10 * k),
                (top + 12 * k, 24 * k),
                (top + 40 * k, 28 * k),
                (top + 70 * k, 18 * k),
                (top + 140 * k, 44 * k),
                (base - 10, 34 * k),
                (base, 30 * k),
            ],
            0.22,
        )
        body(c, form, colour)
        with c.clip(form.outline()):
            c.path(form.band(top + 66 * k, top + 82 * k), (a, m, m)[i % 3])
            if look.pattern in {"stripes", "lines"}:
                c.path(form.band(top + 110 * k, top + 124 * k), (a, BEECH, a)[i % 3])
        finish_off(c, form)
        c.stroke(f"M{num(cx - 14 * k)} {num(top + 120 * k)}q-10 30 -4 64", "#fff", 5, op=0.4)
    ground(c, 446, 494, 44, 11)
    ball(c, 440, 454, 44, m)
    c.path("M404 446Q440 466 478 440", stroke=a, sw=9, op=0.9)
