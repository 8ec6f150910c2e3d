"""What is uploaded as a function: its sources and the pure-Python libraries they import.

Everything is on this machine already: sources in services/functions, libraries as they were
installed, with their hashes checked, from requirements.txt. The same sources give the same archive
on every machine, and nothing is fetched while a stack is updated.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path, PurePosixPath

from pulumi import RunError

from components.packages import Package

SERVICES = Path(__file__).resolve().parents[1] / "services"
FUNCTIONS = SERVICES / "functions"
LIBRARIES = FUNCTIONS / "requirements.txt"
AUTHORITIES = "rds-ca.pem"  # RDS's own, which verify a database's certificate
SHARED = "shared"  # the folder that every function has
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_COMPILED = {".so", ".pyd", ".dll", ".dylib"}
# Of what describes a distribution: its name and version, which libraries look up, and licences.
_KEPT_OF_INFO = re.compile(r"METADATA|(licenses/.*|LICEN[CS]E.*|NOTICE.*|COPYING.*)")


class PackagingError(RunError):
    """A function cannot be packaged; the message says what is wrong with which part."""


def package(
    part: str,
    *,
    database: bool,
    functions: Path = FUNCTIONS,
    libraries: Path = LIBRARIES,
    authorities: Path = SERVICES / "storefront" / AUTHORITIES,
) -> Package:
    """The folder ``part`` beside the shared one; for a ``database``, its driver and authorities.

    Raises PackagingError.
    """
    if not (functions / part / "handler.py").is_file():
        raise PackagingError(f"{functions / part / 'handler.py'} is missing: no function {part}")
    files = {**sources(functions / part), **sources(functions / SHARED)}
    if database:
        files |= {**installed(libraries), AUTHORITIES: authorities}
    return Package(files)


def sources(folder: Path) -> dict[str, Path]:
    """What is in a folder, without caches and hidden files, under the folder's name."""
    found = {file: file.relative_to(folder.parent) for file in sorted(folder.rglob("*"))}
    return {
        path.as_posix(): file
        for file, path in found.items()
        if file.is_file()
        and "__pycache__" not in path.parts
        and not any(part.startswith(".") for part in path.parts)
    }


def installed(requirements: Path) -> dict[str, Path]:
    """The files of every distribution that ``requirements`` pins; raises PackagingError."""
    files: dict[str, Path] = {}
    for name, version in _PINNED.findall(requirements.read_text("utf-8")):
        files |= _files(name, version, requirements)
    return files


def _files(name: str, version: str, requirements: Path) -> dict[str, Path]:
    pin = f"{requirements.name} pins {name} {version}"
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise PackagingError(f"{pin}, which is not installed; run `make setup`") from None
    if found.version != version:
        raise PackagingError(f"{pin}, but {found.version} is installed; run `make setup`")
    paths = [path for path in found.files or [] if _belongs(path)]
    if not paths:
        raise PackagingError(f"{pin}, but the installation does not list its files")
    compiled = [path for path in paths if path.suffix in _COMPILED]
    if compiled:
        raise PackagingError(
            f"{pin}, which has compiled files ({compiled[0]}): functions run on another kind of "
            "processor, so their libraries must be pure Python"
        )
    return {path.as_posix(): Path(str(path.locate())) for path in paths}


def _belongs(path: PurePosixPath) -> bool:
    """Whether a file is part of the library itself: what installers write differs by machine."""
    if path.parts[0] in ("..", "/") or "__pycache__" in path.parts or path.suffix == ".pyc":
        return False
    if path.parts[0].endswith(".dist-info"):
        return _KEPT_OF_INFO.fullmatch("/".join(path.parts[1:])) is not None
    return True
