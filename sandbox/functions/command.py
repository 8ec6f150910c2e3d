"""`python -m sandbox invoke FUNCTION [JSON]`."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from urllib.parse import quote

from sandbox import run_file
from sandbox.process import PartError

_LIMIT = 960.0  # seconds: more than Lambda's longest function and its start


def invoke(directory: Path, function: str, event: str) -> int:
    """Print what a function answers; 1 when it failed."""
    told = run_file.read(directory) if run_file.supervisor(directory) else {}
    found = [part for part in told.get("parts", []) if part["name"] == "functions"]
    if not found:
        raise PartError("no functions are up; `make up` starts those that the program declares")
    host, _, port = found[0]["address"].partition(":")
    link = http.client.HTTPConnection(host, int(port), timeout=_LIMIT)
    link.request(
        "POST",
        f"/2015-03-31/functions/{quote(function)}/invocations",
        body=(sys.stdin.read() if event == "-" else event).encode(),
    )
    answer = link.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise PartError(json.loads(text)["message"])
    print(text)
    return int("x-amz-function-error" in answer.headers)
