"""The storefront's commands: ``python -m storefront COMMAND``."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import asyncpg
import msgspec

from . import migrate, settings
from .domain.errors import ShopError, UnavailableError
from .logs import set_up_logging
from .settings import DatabaseSettings, Settings, SettingsError
from .usecases.catalogue_file import Problems
from .usecases.importing import BadCatalogueError, import_catalogue
from .usecases.ranking import train
from .wiring import open_shop, run_migrations


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 1 it failed, 2 it could not begin."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "migrate":
            return _migrate(settings.read_database())
        config = settings.read()
    except SettingsError as problem:
        return _fail(f"settings: {problem}", 2)
    serving = arguments.command in ("web", "worker")
    set_up_logging(config.log_level, sys.stdout if serving else sys.stderr)
    if serving:
        return _serve(arguments.command, config)
    try:
        return asyncio.run(_run(arguments, config))
    except UnavailableError as problem:
        return _fail(f"{problem.what} is not available; try again")
    except ShopError as problem:
        return _fail(str(problem))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m storefront", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("web", help="serve pages and the JSON API")
    commands.add_parser("worker", help="fulfil orders, send mail, finish what a crash left")
    commands.add_parser("migrate", help="bring the database up to date, as its owner")
    commands.add_parser("train", help="learn from orders and visits what to show, if any is new")
    payments = commands.add_parser("payments", help="the gateway's ledger, one JSON line a charge")
    payments.add_argument("--all", action="store_true", help="also declined and voided attempts")
    importing = commands.add_parser("import-catalogue", help="create and update products by SKU")
    importing.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8; all or nothing")
    staff = commands.add_parser("staff", help="who may use /admin")
    staff.add_argument("action", choices=("add", "remove"))
    staff.add_argument("email", metavar="EMAIL", help="of a registered customer")
    return parser


def _serve(command: str, config: Settings) -> int:
    # Imported when needed: a command for the shell starts faster without.
    if command == "web":
        from .web import serve  # noqa: PLC0415

        serve.main(config)
    else:
        from . import worker  # noqa: PLC0415

        worker.main(config)
    return 0


async def _run(arguments: argparse.Namespace, config: Settings) -> int:
    if arguments.command == "import-catalogue":
        return await _import(config, arguments.file)
    async with open_shop(config) as shop:
        if arguments.command == "staff":
            await shop.accounts.set_staff(arguments.email, arguments.action == "add")
            _print(f"{arguments.email} is {'' if arguments.action == 'add' else 'no longer '}staff")
        elif arguments.command == "train":
            os.nice(10)  # whoever serves customers on this machine goes first
            done = await train(shop.ranking)
            _print(str(done) if done else "nothing new to learn, or another is at it")
        else:
            async for charge in shop.payments.ledger(all_attempts=arguments.all):
                _print(msgspec.json.encode(asdict(charge)).decode())
    return 0


def _migrate(config: DatabaseSettings) -> int:
    set_up_logging(config.log_level, sys.stderr)
    try:
        applied = asyncio.run(run_migrations(config))
    except UnavailableError as problem:
        return _fail(f"{problem.what} is not available; try again")
    except (migrate.MigrationError, asyncpg.PostgresError, OSError) as problem:
        return _fail(f"migrate: {problem or type(problem).__name__}")
    _print(f"{_many(len(applied), 'migration')} applied; the database is up to date")
    return 0


async def _import(config: Settings, file: Path) -> int:
    try:
        async with open_shop(config) as shop:
            done = await import_catalogue(shop.catalogue, shop.images, file, config.currency)
    except OSError as problem:
        return _fail(f"{file}: {problem.strerror or problem}")
    except BadCatalogueError as bad:
        _report(bad.problems)
        return _fail(f"{file}: {_many(bad.problems.count, 'problem')}; nothing was changed")
    _report(done.warnings, "warning: ")
    same = done.rows - done.created - done.updated
    _print(
        f"{_many(done.rows, 'product')}: {done.created} created, {done.updated} updated, {same}"
        f" unchanged; {_many(done.pictures, 'picture')}"
    )
    return 0


def _report(problems: Problems, prefix: str = "") -> None:
    for problem in problems.kept:
        _say(f"{prefix}{problem}")
    if problems.count > len(problems.kept):
        _say(f"{prefix}... and {problems.count - len(problems.kept)} more")


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _fail(line: str, status: int = 1) -> int:
    _say(line)
    return status


if __name__ == "__main__":
    sys.exit(main())
