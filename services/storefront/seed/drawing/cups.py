"""Things to drink from and to pour with, in clay."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .lathe import Lathe, rim, tone, turned
from .scene import ground, stand
from .svg import Canvas, Look, Point, curve, oval

TEA = "#8a4b22"
COFFEE = "#3b2318"
GLOSSY = {"porcelain", "enamel", "glazed", "earthenware"}


def finish(look: Look) -> str:
    """How the material of a pot shines."""
    return "gloss" if look.material in GLOSSY else "matte"


def loop(c: Canvas, points: list[Point], colour: str, width: float) -> None:
    """A handle: a round bar along a curve, lit from above."""
    d = curve(points)
    c.stroke(d, darker(colour, 0.42), width)
    c.stroke(
        d,
        tone(colour, -0.1),
        width * 0.78,
        transform=f"translate({-width * 0.06:g} {-width * 0.06:g})",
    )
    c.stroke(
        d,
        lighter(colour, 0.4),
        width * 0.2,
        op=0.75,
        transform=f"translate({-width * 0.16:g} {-width * 0.2:g})",
    )


def mug(c: Canvas, look: Look) -> None:
    """A mug with one handle; four forms from straight to round."""
    k = look.size
    stand(c, look.main)
    base, tall = 480, (205, 190, 215, 180)[look.shape] * k
    top = base - tall
    r = (88, 96, 82, 100)[look.shape] * k
    cx = 275
    profiles = (
        [(top, r), (top, r), (base - 14, r * 0.97), (base, r * 0.88)],
        [
            (top, r * 0.93),
            (top + tall * 0.4, r * 1.02),
            (base - tall * 0.2, r * 0.98),
            (base, r * 0.68),
        ],
        [(top, r * 1.06), (top + tall * 0.5, r * 0.9), (base, r * 0.9)],
        [(top, r), (top + tall * 0.35, r * 0.95), (top + tall * 0.75, r * 1.06), (base, r * 0.8)],
    )
    form = Lathe(cx, profiles[look.shape])
    ground(c, cx + 20, base + 4, form.foot * 1.2, form.foot * 0.3)
    hx, hy = cx + form.radius(top + tall * 0.22) - 6, top + tall * 0.24
    reach = (74, 66, 82, 62)[look.shape] * k
    bar = [
        (hx, hy),
        (hx + reach * 0.75, hy - 4),
        (hx + reach, hy + tall * 0.26),
        (hx + reach * 0.62, hy + tall * 0.5),
        (hx - 4, hy + tall * 0.54),
    ]
    loop(c, bar, look.main, 21 * k)
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    drink = (None, TEA, COFFEE, None)[look.dice.whole(0, 3)]
    inside = (
        look.accent if look.pattern in {"dip", "plain"} and look.dice.chance(0.4) else look.main
    )
    rim(c, form, look.main, lip=7 * k, inside=lighter(inside, 0.25), fill=drink)


def enamel_mug(c: Canvas, look: Look) -> None:
    """A tin mug with a dark rolled rim."""
    k = look.size
    stand(c, look.main)
    base, tall, r, cx = 480, 188 * k, 100 * k, 275
    top = base - tall
    form = Lathe(cx, [(top, r), (top, r), (base - 10, r * 0.96), (base, r * 0.9)])
    ground(c, cx + 20, base + 4, form.foot * 1.15, form.foot * 0.28)
    hx = cx + r - 4
    bar = [
        (hx, top + 34),
        (hx + 62 * k, top + 36),
        (hx + 62 * k, top + tall * 0.68),
        (hx - 2, top + tall * 0.76),
    ]
    loop(c, bar, look.accent, 15 * k)
    turned(c, form, look.main, look.accent, look.pattern, "gloss")
    rim(
        c,
        form,
        look.accent,
        lip=7 * k,
        inside="#f2eee4",
        fill=COFFEE if look.dice.chance(0.5) else None,
    )


def beaker(c: Canvas, look: Look) -> None:
    """A handleless cup, alone or with a second one behind."""
    k = look.size
    stand(c, look.main)
    for cx, base, scale in ((372, 452, 0.9), (240, 492, 1.0)):
        tall, r = (
            (170, 150, 190, 140)[look.shape] * k * scale,
            (80, 88, 70, 86)[look.shape] * k * scale,
        )
        top = base - tall
        forms = (
            [(top, r), (base - tall * 0.3, r * 0.86), (base, r * 0.7)],
            [(top, r * 0.95), (top + tall * 0.5, r), (base - 16, r * 0.85), (base, r * 0.62)],
            [(top, r), (top, r), (base - 10, r * 0.97), (base, r * 0.9)],
            [(top, r), (top + tall * 0.3, r * 0.9), (base - tall * 0.25, r), (base, r * 0.74)],
        )
        form = Lathe(cx, forms[look.shape])
        ground(c, cx, base + 3, form.foot * 1.15, form.foot * 0.3)
        colour = look.main if scale == 1 else mix(look.main, look.accent, 0.35)
        turned(c, form, colour, look.accent, look.pattern, finish(look))
        rim(
            c,
            form,
            colour,
            lip=6 * k,
            inside=lighter(colour, 0.2),
            fill=TEA if scale == 1 else None,
        )


def saucer(c: Canvas, cx: float, y: float, r: float, colour: str, *, edge: str = "") -> None:
    """A saucer seen at a shallow angle."""
    t = 0.27
    ground(c, cx, y + r * 0.1, r * 0.95, r * t)
    c.path(oval(cx, y + r * 0.07, r * 0.98, r * t), darker(colour, 0.34))
    c.path(
        oval(cx, y, r, r * t),
        c.linear((0, lighter(colour, 0.3)), (0.55, colour), (1, darker(colour, 0.2))),
    )
    if edge:
        c.path(oval(cx, y, r * 0.97, r * t * 0.96), stroke=edge, sw=4)
    c.path(
        oval(cx, y + 3, r * 0.66, r * t * 0.64),
        c.linear((0, darker(colour, 0.2)), (1, lighter(colour, 0.2))),
    )


def teacup(c: Canvas, look: Look) -> None:
    """A cup on its saucer."""
    k = look.size
    stand(c, look.main)
    cx, base = 285, 462
    saucer(c, cx, base + 2, 176 * k, look.main, edge=look.accent if look.pattern != "plain" else "")
    tall, r = (112, 124, 104, 118)[look.shape] * k, (112, 100, 118, 96)[look.shape] * k
    top = base - tall
    forms = (
        [(top, r), (top + tall * 0.5, r * 0.9), (base - 12, r * 0.56), (base, r * 0.48)],
        [(top, r), (top + tall * 0.55, r * 0.97), (base - 8, r * 0.7), (base, r * 0.56)],
        [(top, r), (top + tall * 0.3, r * 0.86), (base - 14, r * 0.6), (base, r * 0.44)],
        [(top, r), (top, r), (base - tall * 0.2, r * 0.92), (base, r * 0.66)],
    )
    form = Lathe(cx, forms[look.shape], 0.24)
    c.path(oval(cx + 16, base + 4, form.foot * 1.5, form.foot * 0.4), "#2b2029", op=0.28)
    hx = cx + r * 0.93
    bar = [
        (hx - 4, top + tall * 0.2),
        (hx + 48 * k, top + tall * 0.2),
        (hx + 40 * k, top + tall * 0.55),
        (hx - 16 * k, top + tall * 0.66),
    ]
    loop(c, bar, look.main, 13 * k)
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    rim(
        c,
        form,
        look.main,
        lip=5 * k,
        inside=lighter(look.main, 0.35),
        fill=(TEA, COFFEE)[look.dice.whole(0, 1)],
        level=0.25,
    )
