"""Read what people wrote: goods, tones and sentences, from the plain text files beside this."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tone:
    """A colour, wood or metal finish; ``main`` and ``accent`` are ``#rrggbb``."""

    name: str
    main: str
    accent: str
    label: str  # what the attribute is called: Colour, Wood or Finish


@dataclass
class Material:
    """What things are made of, with sentences on making and on care."""

    key: str
    family: str
    label: str
    care: str
    making: list[str] = field(default_factory=list)
    caring: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Model:
    """One design in all its tones; ``price`` in whole currency units and a fraction as text."""

    name: str
    material: str
    pattern: str
    price: str
    tones: tuple[str, ...]
    details: tuple[tuple[str, str], ...]
    about: str
    shape: int


@dataclass
class Kind:
    """One sort of object: how it is drawn and framed, its uses and its models."""

    code: str
    drawing: str
    zoom: float
    lift: float
    category: str
    care: str = ""  # where a material's usual care does not fit the object
    uses: list[str] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)


def tones() -> dict[str, Tone]:
    """All tones by name."""
    found = {}
    for line in _lines("texts/tones.txt"):
        name, main, accent, label = _cells(line)
        found[name] = Tone(name, main, accent, label)
    return found


def materials() -> dict[str, Material]:
    """All materials by key."""
    found: dict[str, Material] = {}
    current: Material | None = None
    for line in _lines("texts/materials.txt"):
        if line.startswith("== "):
            key, family, label, care = _cells(line[3:])
            current = Material(key, family, label, care)
            found[current.key] = current
        elif current is not None:
            (current.making if line.startswith("+ ") else current.caring).append(line[2:])
    return found


def patterns() -> dict[str, list[str]]:
    """Sentences on patterns by ``family.pattern``."""
    found: dict[str, list[str]] = {}
    sentences: list[str] = []
    for line in _lines("texts/patterns.txt"):
        if line.startswith("== "):
            sentences = found.setdefault(line[3:], [])
        else:
            sentences.append(line)
    return found


def kinds() -> list[Kind]:
    """Everything the shop sells, in the order of its departments."""
    found: list[Kind] = []
    for path in sorted((HERE / "goods").glob("*.txt")):
        category, head = "", ""
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("# "):
                category = line[2:]
            elif line.startswith("== "):
                code, drawing, zoom, lift = line[3:].split()
                found.append(Kind(code, drawing, float(zoom), float(lift), category))
            elif line.startswith("! "):
                found[-1].care = line[2:]
            elif line.startswith("? "):
                found[-1].uses.append(line[2:])
            elif line.startswith("> "):
                found[-1].models.append(_model(head, line[2:], len(found[-1].models)))
            elif line:
                head = line
    return found


def _model(head: str, about: str, place: int) -> Model:
    name, material, pattern, price, tone_list, details, *extra = _cells(head)
    pairs = tuple(_pair(part) for part in details.split(";"))
    shape = int(extra[0].removeprefix("shape=")) if extra else place % 4
    names = tuple(part.strip() for part in tone_list.split(","))
    return Model(name, material, pattern, price, names, pairs, about, shape)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


def _lines(name: str) -> list[str]:
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
