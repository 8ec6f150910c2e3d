"""What every picture shares: a soft tinted room, light from the upper left, shadows."""

from __future__ import annotations

from .colour import SHADE, darker, distance, lighter, luminance, mix
from .svg import SIZE, Canvas, box, oval

ROOMS = (
    ("#efe6d9", "#dfd0bb"),
    ("#e1e7df", "#cbd5c8"),
    ("#ebe3e4", "#dac9cb"),
    ("#dde5ea", "#c6d3db"),
    ("#f2e3d5", "#e4cbb5"),
    ("#e9e6d8", "#d6d0ba"),
    ("#eceae6", "#d8d3cb"),
    ("#f1ded4", "#e0c3b4"),
    ("#dae4dc", "#c0d0c4"),
    ("#e5e1eb", "#d0c8db"),
    ("#f3ead0", "#e5d6ad"),
    ("#d9e2e2", "#bfcecf"),
)

DEEP_ROOMS = (
    ("#c9d3cc", "#aebcb3"),
    ("#d9c8b6", "#c4ae97"),
    ("#c5d0da", "#a9b8c6"),
    ("#dcc3b8", "#c9a899"),
    ("#cfc9d8", "#b5adc3"),
    ("#d6cfae", "#c2b88f"),
    ("#c3cfcf", "#a6b7b8"),
)


def _room(c: Canvas, main: str) -> tuple[str, str]:
    """A wall and a floor that the product stands out from."""
    if luminance(main) > 0.8:
        return c.dice.pick(DEEP_ROOMS)
    rooms = [room for room in ROOMS if distance(main, room[0]) > 70] or list(ROOMS)
    return c.dice.pick(rooms)


def stand(c: Canvas, main: str, horizon: float = 418) -> None:
    """A wall and a table top for things that stand."""
    wall, floor = _room(c, main)
    light = c.radial((0, lighter(wall, 0.65)), (1, wall), at=(0.3, 0.2), r=0.85)
    c.path(box(0, 0, SIZE, SIZE), light)
    near = c.linear((0, mix(wall, floor, 0.75)), (0.12, floor), (1, lighter(floor, 0.3)), to=(0, 1))
    c.path(box(0, horizon, SIZE, SIZE - horizon), near)
    c.path(
        box(0, horizon - 14, SIZE, 14),
        c.linear((0, floor, 0), (1, darker(floor, 0.1)), to=(0, 1)),
        op=0.5,
    )
    c.scenery_done()


def lay(c: Canvas, main: str) -> None:
    """A surface seen from above for things that lie."""
    wall, floor = _room(c, main)
    c.path(
        box(0, 0, SIZE, SIZE),
        c.radial(
            (0, lighter(wall, 0.55)),
            (0.6, wall),
            (1, mix(wall, floor, 0.8)),
            at=(0.3, 0.22),
            r=0.95,
        ),
    )
    c.scenery_done()


def ground(c: Canvas, x: float, y: float, rx: float, ry: float, strength: float = 1) -> None:
    """The shadow of something that stands at ``(x, y)``: a long soft one and a tight one."""
    soft = c.radial((0, SHADE, 0.34), (0.55, SHADE, 0.16), (1, SHADE, 0))
    c.path(oval(x + rx * 0.32, y + ry * 0.25, rx * 1.5, ry * 1.55), soft, op=strength)
    tight = c.radial((0, SHADE, 0.62), (0.8, SHADE, 0.4), (1, SHADE, 0))
    c.path(oval(x + rx * 0.03, y + ry * 0.12, rx * 1.08, ry * 1.2), tight, op=strength)


def hang(c: Canvas, main: str) -> None:
    """A plain wall for things that hang."""
    lay(c, main)


def cast(
    c: Canvas, d: str, dx: float = 10, dy: float = 14, spread: float = 9, op: float = 0.3
) -> None:
    """The shadow of the outline ``d`` on the surface behind it."""
    c.path(d, SHADE, op=op, filter=c.blur(spread), transform=f"translate({dx:g} {dy:g})")
