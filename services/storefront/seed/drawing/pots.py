"""Jugs and teapots."""

from __future__ import annotations

from .colour import darker, lighter
from .cups import finish, loop
from .lathe import Lathe, finish_off, rim, sheen, turned
from .scene import ground, stand
from .svg import Canvas, Look, curve, oval

TEA = "#8a4b22"
COFFEE = "#3b2318"
GLOSSY = {"porcelain", "enamel", "glazed", "earthenware"}


def jug(c: Canvas, look: Look) -> None:
    """A jug with a pouring lip."""
    k = look.size
    stand(c, look.main)
    cx, base = 290, 490
    tall, r = (270, 230, 300, 250)[look.shape] * k, (92, 106, 84, 98)[look.shape] * k
    top = base - tall
    forms = (
        [
            (top, r * 0.72),
            (top + tall * 0.2, r * 0.66),
            (top + tall * 0.62, r),
            (base - 12, r * 0.82),
            (base, r * 0.7),
        ],
        [(top, r * 0.8), (top + tall * 0.3, r * 0.84), (top + tall * 0.7, r), (base, r * 0.76)],
        [(top, r * 0.86), (top + tall * 0.4, r * 0.8), (base - tall * 0.2, r), (base, r * 0.86)],
        [(top, r * 0.9), (top + tall * 0.15, r * 0.78), (top + tall * 0.5, r), (base, r * 0.66)],
    )
    form = Lathe(cx, forms[look.shape])
    ground(c, cx, base + 4, form.foot * 1.25, form.foot * 0.3)
    hx = cx + form.mouth * 0.9
    bar = [
        (hx, top + tall * 0.1),
        (hx + 78 * k, top + tall * 0.08),
        (hx + 84 * k, top + tall * 0.36),
        (cx + form.radius(top + tall * 0.6) - 4, top + tall * 0.6),
    ]
    loop(c, bar, look.main, 20 * k)
    lip_x, m = cx - form.mouth, form.mouth * form.tilt
    spout = [(lip_x + 10, top + 56 * k), (lip_x - 8, top + 26 * k), (lip_x - 34 * k, top - 12 * k)]
    c.path(
        curve(spout)
        + curve([(lip_x - 34 * k, top - 12 * k), (lip_x, top - 8), (cx, top - m)], start="L")
        + f"L{cx:g} {top + 50:g}Z",
        sheen(c, look.main, finish(look)),
    )
    turned(c, form, look.main, look.accent, look.pattern, finish(look))
    rim(c, form, look.main, lip=6 * k, inside=lighter(look.main, 0.15))
    mouth = [
        (lip_x - 33 * k, top - 12 * k),
        (lip_x + 8, top - 7),
        (cx - 14, top - m + 3),
        (cx - 10, top + 2),
        (lip_x + 6, top + 5),
    ]
    c.path(
        curve([*mouth, mouth[0]]) + "Z",
        c.linear((0, lighter(look.main, 0.4)), (1, darker(look.main, 0.25))),
    )


def teapot(c: Canvas, look: Look) -> None:
    """A teapot with spout, lid and handle."""
    k = look.size
    stand(c, look.main)
    cx, base = 300, 486
    tall, r = (178, 196, 164, 210)[look.shape] * k, (122, 108, 128, 100)[look.shape] * k
    top = base - tall
    forms = (
        [
            (top, r * 0.52),
            (top + tall * 0.18, r * 0.82),
            (top + tall * 0.55, r),
            (base - tall * 0.16, r * 0.8),
            (base, r * 0.56),
        ],
        [
            (top, r * 0.56),
            (top + tall * 0.14, r * 0.84),
            (top + tall * 0.6, r * 1.02),
            (base, r * 0.84),
        ],
        [(top, r * 0.44), (top + tall * 0.2, r * 0.76), (top + tall * 0.66, r), (base, r * 0.7)],
        [
            (top, r * 0.6),
            (top + tall * 0.1, r * 0.9),
            (top + tall * 0.5, r),
            (base - 16, r * 0.96),
            (base, r * 0.86),
        ],
    )
    form = Lathe(cx, forms[look.shape])
    ground(c, cx, base + 4, r, form.foot * 0.34)
    fin = finish(look)
    sx, sy = cx - r * 0.84, top + tall * 0.66
    spout = (
        curve(
            [
                (sx + 26, sy + 26 * k),
                (sx - 32 * k, sy - 4),
                (sx - 58 * k, top + 14 * k),
                (sx - 82 * k, top - 2 * k),
            ]
        )
        + curve(
            [
                (sx - 82 * k, top - 2 * k),
                (sx - 62 * k, top - 8 * k),
                (sx - 30 * k, top + 30 * k),
                (sx + 26, sy - 40 * k),
            ],
            start="L",
        )
        + "Z"
    )
    c.path(
        spout,
        c.linear(
            (0, lighter(look.main, 0.12)),
            (0.5, darker(look.main, 0.08)),
            (1, darker(look.main, 0.36)),
            to=(0.7, 1),
        ),
    )
    c.path(oval(sx - 73 * k, top - 3 * k, 12 * k, 5 * k), darker(look.main, 0.5))
    hx = cx + r * 0.82
    if look.shape % 2:
        bar = [
            (cx - r * 0.62, top + tall * 0.14),
            (cx - r * 0.5, top - 66 * k),
            (cx, top - 104 * k),
            (cx + r * 0.5, top - 66 * k),
            (cx + r * 0.62, top + tall * 0.14),
        ]
        loop(c, bar, "#b98a55" if look.pattern != "plain" else look.main, 13 * k)
    else:
        bar = [
            (hx - 8, top + tall * 0.26),
            (hx + 66 * k, top + tall * 0.12),
            (hx + 74 * k, top + tall * 0.55),
            (hx, top + tall * 0.78),
        ]
        loop(c, bar, look.main, 18 * k)
    turned(c, form, look.main, look.accent, look.pattern, fin)
    lid = Lathe(
        cx,
        [
            (top - 22 * k, form.mouth * 0.3),
            (top - 14 * k, form.mouth * 0.75),
            (top + 2, form.mouth * 1.02),
        ],
    )
    c.path(oval(cx, top + 4, form.mouth * 1.06, form.mouth * 0.24), darker(look.main, 0.45))
    turned(c, lid, look.main, look.accent, "plain", fin)
    c.path(
        oval(cx, top - 30 * k, 14 * k, 12 * k),
        c.radial((0, lighter(look.main, 0.6)), (1, darker(look.main, 0.3)), at=(0.35, 0.3), r=0.7),
    )
    finish_off(c, lid)
