"""Evaluates ``__main__.py`` for a stack under the recording cloud."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import runpy
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, resource, settings
from pulumi.runtime.proto import source_pb2

from .cloud import Answers, RecordingMonitor
from .model import Graph

PROJECT = Path(__file__).resolve().parent.parent
# Pulumi keeps its state in globals, so evaluations take turns.
_ONE_AT_A_TIME = threading.Lock()


class EvaluationError(Exception):
    """The program stopped; the message is what `pulumi preview` would print."""


def evaluate(
    stack: str,
    *,
    config: Mapping[str, Any] | None = None,
    answers: Answers | None = None,
    project: Path = PROJECT,
) -> Graph:
    """The graph of a stack.

    ``config`` replaces whole keys of the stack file (``{"shop:web": {...}}``; None removes one).
    ``answers`` is called, from worker threads, for every resource at the moment it is registered
    and may replace outputs: so the sandbox gives the program the addresses of real parts.
    Raises EvaluationError with the program's own message.
    """
    found: list[Graph] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(_evaluate(stack, dict(config or {}), answers, project))
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            failed.append(error)

    # A thread of its own: the caller may have a running event loop.
    with _ONE_AT_A_TIME, _no_garbage_collection():
        thread = threading.Thread(target=run, name=f"evaluate-{stack}")
        thread.start()
        thread.join()
    if failed:
        raise failed[0]
    return found[0]


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Importing the provider SDKs makes so many objects that collecting takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what was imported stays to the end
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _no_stack_traces() -> Iterator[None]:
    """Pulumi tells its engine which line declares a resource: a tenth of the time, for nobody."""
    before = resource._get_stack_trace  # noqa: SLF001 - there is no switch for it
    resource._get_stack_trace = source_pb2.StackTrace  # noqa: SLF001
    try:
        yield
    finally:
        resource._get_stack_trace = before  # noqa: SLF001


def stack_config(stack: str, project: Path = PROJECT) -> tuple[str, dict[str, Any]]:
    """The project's name and the stack's config as YAML has it; raises EvaluationError."""
    name = str(yaml.safe_load((project / "Pulumi.yaml").read_text())["name"])
    path = project / f"Pulumi.{stack}.yaml"
    if not path.exists():
        known = sorted(p.name.split(".")[1] for p in project.glob("Pulumi.*.yaml"))
        raise EvaluationError(f"no stack {stack!r}; there are: {', '.join(known)}")
    return name, yaml.safe_load(path.read_text())["config"]


def _evaluate(stack: str, config: dict[str, Any], answers: Answers | None, project: Path) -> Graph:
    name, declared = stack_config(stack, project)
    merged = {k: v for k, v in {**declared, **config}.items() if v is not None}
    loop = asyncio.new_event_loop()
    # What fails is reported once, by the first error; what waited for it is no news.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    monitor = RecordingMonitor(name, stack, str(merged.get("aws:region", "us-east-1")), answers)
    # Apart from the host's logging tree; Pulumi's thousands of debug messages are read by nobody.
    logger = logging.Logger("pulumi", logging.ERROR)  # noqa: LOG001
    errors = _Errors()
    logger.addHandler(errors)
    mocks.set_mocks(
        monitor.mocks, project=name, stack=stack, preview=False, logger=logger, monitor=monitor
    )
    settings.set_root_resource(None)  # type: ignore[arg-type]  # forgets the last run's stack
    settings.SETTINGS.rpc_manager.clear()
    settings.SETTINGS.outputs.clear()
    pulumi.runtime.set_all_config({key: _config_text(value) for key, value in merged.items()})
    script = project / "__main__.py"
    before = Path.cwd()
    sys.path.insert(0, str(project))
    os.chdir(project)
    try:
        with _no_stack_traces():
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run(script)))
    except Exception as error:
        message = monitor.problems[0] if monitor.problems else _reason(error)
        raise EvaluationError(message) from error
    finally:
        os.chdir(before)
        sys.path.remove(str(project))
        with contextlib.suppress(RuntimeError):
            loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    if errors.messages:
        raise EvaluationError("\n".join(errors.messages))
    resources = tuple(sorted(monitor.recorded.values(), key=lambda r: r.urn))
    return Graph(stack, name, resources, monitor.exports)


def _run(script: Path) -> None:
    runpy.run_path(str(script), run_name="__main__")


def _config_text(value: Any) -> str:
    """Config as the CLI hands it to programs: text, structures as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _reason(error: BaseException) -> str:
    """What went wrong, without Pulumi's wrapping; a type's name unless it is a clean RunError."""
    seen: set[int] = set()  # Pulumi's chain of causes can be a ring
    while error.__cause__ is not None and id(error) not in seen:
        seen.add(id(error))
        error = error.__cause__
    if isinstance(error, pulumi.RunError):
        return str(error)
    return f"{type(error).__name__}: {error}"


class _Errors(logging.Handler):
    """Errors that a program logs through `pulumi.log` stop an update; so they do here."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
