"""One picture a product, drawn by the function that its kind names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from seed.catalogue import Product
from seed.drawing.svg import Canvas, Look


def picture(product: Product) -> str:
    """The product's picture as an SVG document."""
    canvas = Canvas(product.sku.lower(), product.look.dice)
    _drawing(product.drawing)(canvas, product.look)
    return canvas.text(product.zoom, product.lift)


def _drawing(name: str) -> Callable[[Canvas, Look], None]:
    module, function = name.split(".")
    found: Callable[[Canvas, Look], None] = getattr(
        import_module(f"seed.drawing.{module}"), function
    )
    return found
