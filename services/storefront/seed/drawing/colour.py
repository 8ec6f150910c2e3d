"""Colours as ``#rrggbb`` and how light changes them."""

from __future__ import annotations

LIGHT = "#fffaf0"
SHADE = "#2b2029"


def parts(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0-255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(one: str, other: str, share: float) -> str:
    """``share`` (0-1) of ``other`` in ``one``."""
    pairs = zip(parts(one), parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def lighter(colour: str, share: float) -> str:
    """The colour towards warm daylight."""
    return mix(colour, LIGHT, share)


def darker(colour: str, share: float) -> str:
    """The colour towards a soft plum shadow: cleaner than mixing with black."""
    return mix(colour, SHADE, share)


def luminance(colour: str) -> float:
    """Perceived brightness, 0-1."""
    red, green, blue = parts(colour)
    return (0.3 * red + 0.59 * green + 0.11 * blue) / 255


def distance(one: str, other: str) -> float:
    """How far apart two colours look, 0-441."""
    return float(sum((a - b) ** 2 for a, b in zip(parts(one), parts(other), strict=True)) ** 0.5)
