"""How PostgreSQL ships its log, segment by segment, and gets it back for a restore.

Plain shell, since whoever the server runs as may not reach our Python. A segment counts as shipped
once it has its final name: it was written and synced under another one.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from .process import PartError

_VARIABLE = "SANDBOX_SHIP_SECONDS"
_DEFAULT_SECONDS = 60  # RDS ships every five minutes; a segment that is ahead of time costs little


def seconds() -> int:
    """At most so long a change stays unshipped, if the server is left to work."""
    text = os.environ.get(_VARIABLE) or str(_DEFAULT_SECONDS)
    if not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise PartError(f"{_VARIABLE} is {text!r}; accepted: a number from 1 to 3600")
    return int(text)


def sending(folder: Path) -> Mapping[str, str]:
    """Server settings that ship into a folder; while there is none, nothing is kept.

    The same segment twice is no error (a server that was killed does not know whether it shipped);
    another one of the same name is.
    """
    whole, part = _word(folder, ".gz"), _word(folder, ".part")
    ship = f"gzip -1 -c %p > {part} && sync {part} && mv {part} {whole}"
    same = f"gzip -dc {whole} | cmp -s - %p"
    known = f"if test -f {whole}; then {same}; else {ship}; fi"
    return {
        "archive_mode": "on",
        "archive_timeout": str(seconds()),
        "archive_command": f"if test -d {_word(folder)}; then {known}; fi",
    }


def fetching(folder: Path) -> Mapping[str, str]:
    """Server settings that read from it."""
    whole = _word(folder, ".gz")
    return {"restore_command": f"test -f {whole} && gzip -dc {whole} > %p"}


def _word(folder: Path, ending: str = "") -> str:
    """A path for the shell, with the name of a file in it that ends so; ``%`` is the server's."""
    word = shlex.quote(str(folder)).replace("%", "%%")
    return f"{word}/%f{ending}" if ending else word
