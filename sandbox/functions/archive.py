"""Unpacks a function's declared archive: what is not in it is not there on the laptop either."""

from __future__ import annotations

import os
import shutil
import site
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# What Lambda's Python runtimes have besides the standard library: boto3 and what it needs.
BUNDLED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")


class ArchiveError(Exception):
    """An archive that cannot be unpacked here; the message says why."""


def unpack(code: Mapping[str, Any], project: Path, target: Path) -> None:
    """Replace ``target`` by an archive's content.

    ``code`` is the input as `graph.wire` has it; its paths are relative to ``project``. Raises
    ArchiveError naming what is missing or not understood.
    """
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    _archive(code.get("$archive"), project, fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _archive(archive: Any, project: Path, target: Path) -> None:
    if not isinstance(archive, Mapping):
        raise ArchiveError("its code is no archive")
    if "assets" in archive:
        for name, inner in archive["assets"].items():
            place = _inside(target, str(name))
            if "$archive" in inner:
                place.mkdir(parents=True, exist_ok=True)
                _archive(inner["$archive"], project, place)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                _asset(inner.get("$asset"), project, place)
    elif "path" in archive:
        source = project / str(archive["path"])
        if source.is_dir():
            shutil.copytree(
                source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif source.is_file() and zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as packed:
                packed.extractall(target)
        else:
            raise ArchiveError(f"its archive {archive['path']} is neither a folder nor a zip file")
    else:
        raise ArchiveError(f"the laptop unpacks no archive of {', '.join(archive) or 'nothing'}")


def _asset(asset: Any, project: Path, place: Path) -> None:
    if isinstance(asset, Mapping) and "text" in asset:
        place.write_text(str(asset["text"]), encoding="utf-8")
    elif isinstance(asset, Mapping) and "path" in asset:
        source = project / str(asset["path"])
        if not source.is_file():
            raise ArchiveError(f"its archive names the file {asset['path']}, which is not there")
        shutil.copyfile(source, place)
    else:
        raise ArchiveError("the laptop fetches no remote asset")


def _inside(target: Path, name: str) -> Path:
    place = Path(os.path.normpath(target / name))
    if target not in place.parents:
        raise ArchiveError(f"its archive has the path {name!r}, which leads out of it")
    return place


def bundle(target: Path) -> None:
    """Make a folder of links to the packages that Lambda brings along, and to no others."""
    packages = [Path(folder) for folder in site.getsitepackages()]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True, mode=0o700)
    for name in BUNDLED:
        found = next((folder / name for folder in packages if (folder / name).exists()), None)
        if found is None:
            raise ArchiveError(f"{name} is not installed beside the sandbox")
        (target / name).symlink_to(found)
