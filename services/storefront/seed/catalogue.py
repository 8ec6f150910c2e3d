"""Put the catalogue together: names, prices, stock, attributes and descriptions."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from decimal import Decimal

from seed import sources
from seed.dice import Dice
from seed.drawing.svg import Look

CURRENCY = "USD"
SEVERAL = re.compile(
    r"(pair|set of|mills|beakers|tumblers|glasses|plates|hooks|blocks|cubes|cups|tools|gloves|snips"
    r"|rings|tops|skittles|scissors|shears|secateurs|towels)\b"
)
SINGLE = re.compile(r"\b(it|its|It|a foot|a long clean)\b|piece is")
DEARER = {"walnut": 108, "cherry": 104, "dark oak": 105, "olive wood": 110, "copper": 110}


@dataclass(frozen=True)
class Product:
    """A line of the catalogue and what its picture needs."""

    sku: str
    name: str
    description: str
    category: str
    price: Decimal
    stock: int
    attributes: dict[str, str]
    drawing: str
    zoom: float
    lift: float
    look: Look


@dataclass(frozen=True)
class Texts:
    """All sentences and tones, read once."""

    tones: dict[str, sources.Tone]
    materials: dict[str, sources.Material]
    patterns: dict[str, list[str]]


def products() -> list[Product]:
    """The whole catalogue, in the order of the departments."""
    texts = Texts(sources.tones(), sources.materials(), sources.patterns())
    made: list[Product] = []
    skus: set[str] = set()
    told: set[str] = set()
    for kind in sources.kinds():
        for model in kind.models:
            for turn, tone in enumerate(model.tones):
                made.append(_product(texts, kind, model, texts.tones[tone], turn, skus, told))
    return made


def _product(
    texts: Texts, kind: sources.Kind, model: sources.Model, tone: sources.Tone, turn: int,
    skus: set[str], told: set[str],
) -> Product:  # fmt: skip
    name = _named(model.name, tone.name)
    sku = _sku(kind.code, name, skus)
    dice = Dice(sku)
    material = _material(texts, model, tone)
    attributes = {tone.label: tone.name.capitalize()}
    attributes["Material"] = material.label.replace("{tone}", tone.name)
    attributes |= dict(model.details) | {"Care": kind.care or material.care}
    surface = tone.name if tone.label in {"Wood", "Finish"} else model.material
    throw = Dice(f"{sku}/look")
    size = 1.0 + throw.between(-0.03, 0.03)
    look = Look(tone.main, tone.accent, surface, model.pattern, model.shape, size, throw)
    return Product(
        sku=sku, name=name, description=_description(texts, kind, model, tone, turn, told),
        category=kind.category, price=_price(model.price, tone.name), stock=_stock(dice),
        attributes=attributes, drawing=kind.drawing, zoom=kind.zoom, lift=kind.lift, look=look,
    )  # fmt: skip


def _material(texts: Texts, model: sources.Model, tone: sources.Tone) -> sources.Material:
    """The model's material; a metal finish may be another metal altogether."""
    if model.material == "brass":
        swapped = {"copper": "copper", "brushed nickel": "nickel"}
        return texts.materials[swapped.get(tone.name, "brass")]
    return texts.materials[model.material]


def _named(name: str, tone: str) -> str:
    return name.replace("{tone}", tone) if "{tone}" in name else f"{name}, {tone}"


def _sku(code: str, name: str, taken: set[str]) -> str:
    """A short code that hangs on the name alone, so that it outlives changes to the list."""
    number = zlib.crc32(name.encode()) % 9000 + 1000
    while f"{code}-{number}" in taken:
        number = (number - 999) % 9000 + 1000
    taken.add(f"{code}-{number}")
    return f"{code}-{number}"


def _price(text: str, tone: str) -> Decimal:
    price = Decimal(text)
    if tone in DEARER and price >= 30:
        price = (price * DEARER[tone] / 100).quantize(Decimal(1))
    return price.quantize(Decimal("0.01"))


def _stock(dice: Dice) -> int:
    if dice.chance(0.04):
        return 0
    if dice.chance(0.1):
        return dice.whole(1, 4)
    return dice.whole(5, 60) if dice.chance(0.6) else dice.whole(40, 120)


def _description(
    texts: Texts, kind: sources.Kind, model: sources.Model, tone: sources.Tone, turn: int,
    told: set[str],
) -> str:  # fmt: skip
    """What the model is, then two or three sentences that differ from tone to tone."""
    dice = Dice(f"{kind.code}/{model.name}")
    material = _material(texts, model, tone)
    making = dice.shuffled(_agreeing(material.making, model.name))
    caring = dice.shuffled([] if kind.care else _agreeing(material.caring, model.name))
    uses = dice.shuffled(kind.uses)
    looks = dice.shuffled(
        _agreeing(texts.patterns.get(f"{material.family}.{model.pattern}", []), model.name)
    )
    for step in range(60):
        n = turn + step
        plan = (n + step // 3) % 3
        parts = [model.about, *_turn(making, n)]
        if plan != 1:
            parts += _turn(looks, n // 2)
        if plan != 0 or not looks:
            parts += _turn(uses, n)
        if plan != 2 or len(parts) < 3:
            parts += _turn(caring, n + step)
        text = " ".join(parts[:4])
        text = text.replace("{tone}", tone.name).replace("{Tone}", tone.name.capitalize())
        if text not in told:
            told.add(text)
            return text
    raise ValueError(f"too few sentences for {model.name}")


def _turn(sentences: list[str], place: int) -> list[str]:
    """The sentence whose turn it is, if there are any."""
    return [sentences[place % len(sentences)]] if sentences else []


def _agreeing(sentences: list[str], name: str) -> list[str]:
    """The sentences that fit a thing, or several: sets and pairs are not called "it"."""
    if not SEVERAL.search(name):
        return sentences
    return [sentence for sentence in sentences if not SINGLE.search(sentence)]
