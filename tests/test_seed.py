"""The seed catalogue: repeatable, plausible, and drawn and worded product by product."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

STOREFRONT = Path(__file__).parent.parent / "services" / "storefront"
COLUMNS = [
    "sku", "name", "description", "category", "price", "currency", "stock", "image_url",
    "attributes",
]  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {
    "svg", "defs", "g", "path", "use", "clipPath", "linearGradient", "radialGradient", "stop",
    "pattern", "filter", "feGaussianBlur",
}  # fmt: skip


def generate(out: Path, hash_seed: str) -> None:
    """Run the generator as its users do, with string hashing that differs from run to run."""
    subprocess.run(
        [sys.executable, "-m", "seed", str(out)],
        cwd=STOREFRONT,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seed")
    generate(folder, "1")
    return folder


@pytest.fixture(scope="module")
def rows(out: Path) -> list[dict[str, str]]:
    with (out / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def pictures(out: Path, rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["sku"]: (out / row["image_url"]).read_text("utf-8") for row in rows}


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) ", text)


def test_two_runs_write_the_same_bytes(out: Path, tmp_path: Path) -> None:
    generate(tmp_path, "2")
    first = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    second = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert first == second
    changed = [
        name for name in first if (out / name).read_bytes() != (tmp_path / name).read_bytes()
    ]
    assert changed == []


def test_header_and_size(out: Path, rows: list[dict[str, str]]) -> None:
    header = (out / "catalogue.csv").read_text("utf-8").splitlines()[0]
    assert header.split(",") == COLUMNS
    assert 1080 <= len(rows) <= 1200
    assert len(list((out / "images").iterdir())) == len(rows)


def test_every_category_is_well_stocked_with_products(rows: list[dict[str, str]]) -> None:
    counts = Counter(row["category"] for row in rows)
    assert 14 <= len(counts) <= 16
    assert min(counts.values()) >= 30


@pytest.mark.parametrize("column", ["sku", "name", "description", "image_url"])
def test_no_two_products_share(column: str, rows: list[dict[str, str]]) -> None:
    seen = Counter(row[column].casefold() for row in rows)
    assert [value for value, count in seen.items() if count > 1] == []


def test_names_read_like_names(rows: list[dict[str, str]]) -> None:
    for name in (row["name"] for row in rows):
        assert 8 <= len(name) <= 80, name
        assert not re.search(r"[{}|<>]|\s\s|^\s|\s$", name), name
        assert name[0].isupper(), name


def test_slugs_would_be_unique(rows: list[dict[str, str]]) -> None:
    slugs = Counter(re.sub(r"[^a-z0-9]+", "-", row["name"].lower()).strip("-") for row in rows)
    assert max(slugs.values()) == 1


def test_skus_are_safe_as_file_names(rows: list[dict[str, str]]) -> None:
    assert all(re.fullmatch(r"[A-Z]{3}-\d{4}", row["sku"]) for row in rows)


def test_prices_are_decimals_with_two_places(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert re.fullmatch(r"\d+\.\d\d", row["price"]), row["sku"]
        assert Decimal(5) <= Decimal(row["price"]) <= Decimal(600), row["sku"]
        assert row["price"][-2:] in {"00", "50", "95"}, row["sku"]
        assert row["currency"] == "USD"


def test_stock_is_mostly_good_sometimes_low_sometimes_none(rows: list[dict[str, str]]) -> None:
    stocks = [int(row["stock"]) for row in rows]
    assert min(stocks) == 0
    assert max(stocks) <= 120
    assert 0.02 <= sum(stock == 0 for stock in stocks) / len(stocks) <= 0.08
    assert sum(stock >= 5 for stock in stocks) / len(stocks) >= 0.8


def test_attributes_are_pairs_without_repeats(rows: list[dict[str, str]]) -> None:
    for row in rows:
        pairs = [part.split(": ", 1) for part in row["attributes"].split("; ")]
        assert all(len(pair) == 2 and pair[0] and pair[1] for pair in pairs), row["sku"]
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), row["sku"]
        assert "Material" in names, row["sku"]
        assert {"Colour", "Wood", "Finish"} & set(names), row["sku"]


def test_descriptions_are_two_to_five_whole_sentences(rows: list[dict[str, str]]) -> None:
    for row in rows:
        parts = sentences(row["description"])
        assert 2 <= len(parts) <= 5, row["sku"]
        assert len(parts) == len(set(parts)), row["sku"]
        for part in parts:
            assert part[0].isupper(), part
            assert part[-1] in ".!?", part
            assert not re.search(r"[{}|]|\s\s| [,.;]", part), part


def test_descriptions_within_a_category_differ(rows: list[dict[str, str]]) -> None:
    """Two products of a category have, on average, hardly a sentence in common."""
    by_category: dict[str, list[set[str]]] = {}
    for row in rows:
        by_category.setdefault(row["category"], []).append(set(sentences(row["description"])))
    for category, texts in by_category.items():
        shares = [len(a & b) / len(a | b) for a, b in combinations(texts, 2)]
        assert sum(shares) / len(shares) < 0.1, category


def test_texts_agree_with_attributes(rows: list[dict[str, str]]) -> None:
    for row in rows:
        care = row["attributes"].partition("Care: ")[2]
        if "in the dishwasher" in row["description"] and "Never" not in row["description"]:
            assert "Dishwasher safe" in care, row["sku"]
        if "Machine" in care:
            assert "Never put it in a washing machine" not in row["description"], row["sku"]


def test_pictures_are_sane_svg(pictures: dict[str, str]) -> None:
    for sku, text in pictures.items():
        root = ET.fromstring(text)
        assert root.tag == f"{SVG}svg", sku
        assert root.get("viewBox") == "0 0 600 600", sku
        assert 1_200 <= len(text) <= 12_500, sku
        assert {node.tag.removeprefix(SVG) for node in root.iter()} <= DRAWN, sku
        assert "nan" not in text, sku
        assert "inf" not in text, sku


def test_pictures_are_small_on_average(pictures: dict[str, str]) -> None:
    sizes = [len(text) for text in pictures.values()]
    assert 2_000 <= sum(sizes) / len(sizes) <= 6_000


def test_pictures_refer_only_to_themselves(pictures: dict[str, str]) -> None:
    for sku, text in pictures.items():
        root = ET.fromstring(text)
        names = [node.get("id") for node in root.iter() if node.get("id")]
        assert len(names) == len(set(names)), sku
        assert all(str(name).startswith(f"{sku.lower()}-") for name in names), sku
        used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
        assert used <= set(names), sku
        assert re.findall(r'href="(?!#)|https?://(?!www\.w3\.org/2000/svg)|\son\w+=', text) == []


def test_no_two_pictures_are_alike(pictures: dict[str, str]) -> None:
    """Alike but for ids counts as alike."""
    bare = Counter(re.sub(r"[a-z]{3}-\d{4}-", "", text) for text in pictures.values())
    assert max(bare.values()) == 1


def test_there_are_many_sorts_of_objects(rows: list[dict[str, str]]) -> None:
    assert len({row["sku"][:3] for row in rows}) >= 60


def test_wrong_arguments_are_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "seed"],
        cwd=STOREFRONT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 2
    assert "usage" in run.stderr
