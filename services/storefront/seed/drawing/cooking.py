"""Pans, boards, knives and tools for the kitchen."""

from __future__ import annotations

from .colour import darker, lighter, mix
from .cups import finish, loop
from .lathe import Lathe, rim, sheen, turned
from .scene import cast, ground, lay, stand
from .surface import rod
from .svg import Canvas, Look, box, oval

METALS = {"steel", "copper", "brass", "aluminium", "iron"}
STEEL = "#c3c7c9"


def _finish(look: Look) -> str:
    if look.material in {"steel", "copper", "brass"}:
        return "metal"
    return "matte" if look.material in {"iron", "aluminium"} else finish(look)


def knob(c: Canvas, x: float, y: float, r: float, colour: str) -> None:
    """A round knob."""
    c.path(
        oval(x, y, r, r * 0.86),
        c.radial(
            (0, lighter(colour, 0.6)),
            (0.5, colour),
            (1, darker(colour, 0.45)),
            at=(0.35, 0.28),
            r=0.75,
        ),
    )


def saucepan(c: Canvas, look: Look) -> None:
    """A saucepan with a long handle and a lid."""
    stand(c, look.main)
    k, cx, base = look.size, 240, 484
    tall, r = (116, 140, 96, 126)[look.shape] * k, (118, 106, 128, 112)[look.shape] * k
    top, fin = base - tall, _finish(look)
    ground(c, cx, base + 4, r, r * 0.24)
    rod(c, (cx + r - 4, top + 26), (cx + r + 150 * k, top + 4), 20 * k, look.accent)
    rod(c, (cx + r - 8, top + 27), (cx + r + 40 * k, top + 20), 12 * k, STEEL, "metal")
    form = Lathe(cx, [(top, r), (top, r), (base - 12, r), (base, r * 0.94)])
    turned(c, form, look.main, look.accent, "plain", fin)
    c.path(form.band(top - 2, top + 9), sheen(c, lighter(look.main, 0.3), "metal"))
    if look.shape == 2:
        rim(c, form, look.main, lip=5, inside=darker(STEEL, 0.1))
        return
    c.path(oval(cx, top, r * 1.02, r * 0.21), darker(look.main, 0.4))
    lid = Lathe(cx, [(top - 34 * k, r * 0.24), (top - 24 * k, r * 0.7), (top - 4, r * 1.02)])
    turned(c, lid, look.main, look.accent, "plain", fin)
    c.path(box(cx - 7, top - 46 * k, 14, 16), darker(look.accent, 0.4))
    knob(c, cx, top - 54 * k, 20 * k, look.accent)


def frying_pan(c: Canvas, look: Look) -> None:
    """A frying pan from above, handle to the lower right."""
    lay(c, look.main)
    k = look.size
    fin = _finish(look)
    with c.group(transform=f"rotate({(38, 52, 30, 44)[look.shape]} 300 300)"):
        cx, cy, r = 220, 300, (150, 138, 160, 146)[look.shape] * k
        outline = oval(cx, cy, r, r) + box(cx + r - 12, cy - 15, 250 * k, 30, 15)
        cast(c, outline, 14, 8, 10, 0.34)
        wooden = look.accent
        rod(c, (cx + r - 8, cy), (cx + r + 64, cy), 20, look.main, "metal")
        c.path(box(cx + r + 48, cy - 17, 190 * k, 34, 17), sheen(c, wooden, "matte", upright=True))
        c.path(oval(cx + r + 48 + 190 * k - 22, cy, 8, 8), darker(wooden, 0.6))
        c.path(
            oval(cx, cy, r, r),
            c.linear(
                (0, lighter(look.main, 0.4)),
                (0.5, look.main),
                (1, darker(look.main, 0.4)),
                to=(0.8, 1),
            ),
        )
        c.path(
            oval(cx, cy, r * 0.95, r * 0.95),
            c.linear((0, darker(look.main, 0.45)), (1, lighter(look.main, 0.25)), to=(0.6, 1)),
        )
        inner = look.main if fin != "metal" else mix(look.main, "#8b8f92", 0.4)
        c.path(
            oval(cx, cy, r * 0.8, r * 0.8),
            c.radial((0, lighter(inner, 0.3)), (1, darker(inner, 0.12)), at=(0.35, 0.3), r=0.8),
        )
        for share in (0.66, 0.5, 0.34):
            c.path(oval(cx, cy, r * share, r * share), stroke="#fff", sw=1.5, op=0.1)
        for dy in (-8, 8):
            c.path(oval(cx + r * 0.89, cy + dy * 1.2, 4.5, 4.5), lighter(STEEL, 0.4))


def casserole(c: Canvas, look: Look) -> None:
    """A lidded pot with two handles."""
    stand(c, look.main)
    k, cx, base = look.size, 300, 486
    tall, r = (124, 104, 146, 116)[look.shape] * k, (142, 160, 126, 150)[look.shape] * k
    top, fin = base - tall, _finish(look)
    ground(c, cx, base + 4, r * 1.02, r * 0.24)
    for side in (-1, 1):
        x = cx + side * (r - 6)
        loop(
            c,
            [
                (x, top + 26),
                (x + side * 46 * k, top + 24),
                (x + side * 44 * k, top + 50),
                (x, top + 56),
            ],
            look.main,
            17 * k,
        )
    form = Lathe(cx, [(top, r), (top, r), (base - 26, r * 0.98), (base, r * 0.84)])
    turned(c, form, look.main, look.accent, look.pattern, fin)
    c.path(form.band(top - 2, top + 8), darker(look.main, 0.3), op=0.7)
    lid = Lathe(
        cx,
        [
            (top - 48 * k, r * 0.2),
            (top - 42 * k, r * 0.5),
            (top - 24 * k, r * 0.9),
            (top, r * 1.03),
        ],
    )
    turned(c, lid, look.main, look.accent, "plain", fin)
    c.stroke(lid.ring(top - 22 * k), lighter(look.main, 0.4), 2.5, op=0.5)
    metal = look.accent if look.pattern == "plain" else STEEL
    c.path(box(cx - 9, top - 60 * k, 18, 16), darker(metal, 0.4))
    knob(c, cx, top - 68 * k, 23 * k, metal)
