"""Write the catalogue of the shop "Fieldfare": ``python -m seed OUT_DIR``.

Run it in ``services/storefront``. It writes ``OUT_DIR/catalogue.csv`` for ``import-catalogue`` and
``OUT_DIR/images/<sku>.svg``, the same bytes on every machine; ``image_url`` is the picture's path
from the folder of the CSV file. Texts and pictures are our own work, CC0 1.0 (see the package).
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from seed.catalogue import CURRENCY, products
from seed.pictures import picture

COLUMNS = (
    "sku", "name", "description", "category", "price", "currency", "stock", "image_url",
    "attributes",
)  # fmt: skip


def write(out: Path) -> int:
    """Write catalogue and pictures below ``out``, made if need be; how many products there are."""
    images = out / "images"
    images.mkdir(parents=True, exist_ok=True)
    goods = products()
    with (out / "catalogue.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for item in goods:
            attributes = "; ".join(f"{name}: {value}" for name, value in item.attributes.items())
            rows.writerow(
                (item.sku, item.name, item.description, item.category, str(item.price), CURRENCY,
                 item.stock, f"images/{item.sku}.svg", attributes)
            )  # fmt: skip
    for item in goods:
        (images / f"{item.sku}.svg").write_bytes(picture(item).encode())
    return len(goods)


def main(arguments: list[str]) -> int:
    """The command line; the exit status is 2 when it is not understood."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m seed OUT_DIR", file=sys.stderr)
        return 2
    count = write(Path(arguments[0]))
    print(f"{count} products in {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
