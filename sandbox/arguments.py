"""The command line's words."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from .state import PROJECT


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m sandbox", description="The shop on a laptop, out of the Pulumi program."
    )
    top.add_argument("--state", help="folder for data, logs and mail (default .sandbox)")
    commands = top.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="serve the shop until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return once the shop is ready")
    up.add_argument("--port", type=int, help="instead of PORT or 8080")
    up.add_argument("--empty", action="store_true", help="do not fill an empty shop")
    up.add_argument(
        "--speed", type=float, help="of the clock of metrics and alarms (TELEMETRY_SPEED or 1)"
    )
    up.add_argument("--project", type=Path, default=PROJECT, help=argparse.SUPPRESS)
    commands.add_parser("down", help="stop it; data stays")
    status = commands.add_parser("status", help="parts and resources")
    status.add_argument("--json", action="store_true")
    alarms = commands.add_parser("alarms", help="the state of every declared alarm")
    alarms.add_argument("--json", action="store_true")
    run = commands.add_parser("run", help="run a command with the storefront's environment")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="-- CMD")
    invoke = commands.add_parser("invoke", help="run a Lambda function once")
    invoke.add_argument("function", help="its name, in the program or in AWS")
    invoke.add_argument("event", nargs="?", default="{}", help="JSON; - reads standard input")
    execute = commands.add_parser("execute", help="run a state machine once")
    execute.add_argument("machine", help="its name in the program")
    execute.add_argument("input", nargs="?", default="{}", help="JSON; - reads standard input")
    restart = commands.add_parser("restart", help="replace a Deployment's pods one by one")
    restart.add_argument("name", nargs="?", default="web", help="which one (default web)")
    scale = commands.add_parser("scale", help="run so many pods of a Deployment")
    scale.add_argument("name", help="which one")
    scale.add_argument("replicas", type=int, help="how many, until the next start")
    for either in (restart, scale):
        either.add_argument(
            "--waits", type=float, default=1.0, help="part of the declared waits to keep"
        )
    commands.add_parser("backup", help="copy the database, and keep its log from now on")
    back = commands.add_parser("restore", help="bring the database back, also to a point in time")
    back.add_argument("--to", type=_moment, metavar="TIME", help="such as 2030-01-31T14:05:00Z")
    commands.add_parser("reset", help="stop it and wipe its data")
    logs = commands.add_parser("logs", help="show a part's log")
    logs.add_argument("part", nargs="?", help="without one: list them")
    logs.add_argument("-f", "--follow", action="store_true")
    return top


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; accepted: ISO 8601, such as 2030-01-31T14:05:00Z"
            " (without a zone: this machine's)"
        ) from wrong
