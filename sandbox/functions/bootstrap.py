"""What runs inside a function's process, in the place of Lambda's own Python runtime client.

Started as `python -I -S bootstrap.py SOCKET`: it sees the standard library, the archive and the
packages that Lambda brings along, nothing of the project. Messages in both directions are a length
(4 bytes, big endian) and JSON. First it says how loading the handler went; then it answers one
invocation after the other, until the socket ends or the handler ends the process.
"""

import contextlib
import decimal
import importlib
import json
import logging
import os
import queue
import resource
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

_LENGTH = struct.Struct(">I")
_TEXT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss


class Context:
    """The handler's second argument; names and types are those of Lambda."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._deadline = time.monotonic() + float(told["seconds"])
        self.aws_request_id: str = told["id"]
        self.invoked_function_arn: str = told["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        """Until the process is killed."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def log(self, message: str) -> None:
        """Write to the function's log."""
        sys.stdout.write(message)


class _Formatter(logging.Formatter):
    """Lines of `logging` as Lambda writes them, in text or, when declared, as JSON."""

    request_id = ""

    def __init__(self) -> None:
        self.converter = time.gmtime
        super().__init__(_TEXT, "%Y-%m-%dT%H:%M:%S")
        self._json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    def format(self, record: logging.LogRecord) -> str:
        record.aws_request_id = self.request_id
        if not self._json:
            return super().format(record)
        line: dict[str, Any] = {
            "timestamp": f"{self.formatTime(record, self.datefmt)}Z",
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": self.request_id,
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["errorType"] = record.exc_info[0].__name__
            line["errorMessage"] = str(record.exc_info[1])
            line["stackTrace"] = traceback.format_tb(record.exc_info[2])
        return json.dumps(line)


class _Link:
    """The socket to the pool; its end, also in the middle of an invocation, ends the process."""

    def __init__(self, link: socket.socket) -> None:
        self._out = link
        self._requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(link.makefile("rb"),), daemon=True).start()

    def _read(self, file: Any) -> None:
        with contextlib.suppress(OSError):
            while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
                self._requests.put(json.loads(file.read(*_LENGTH.unpack(head))))
        os._exit(0)

    def next(self) -> dict[str, Any]:
        """Wait for an invocation."""
        return self._requests.get()

    def say(self, message: dict[str, Any]) -> None:
        """Answer."""
        raw = json.dumps(message).encode()
        self._out.sendall(_LENGTH.pack(len(raw)) + raw)


def _problem(kind: str, message: str, trace: list[str] | None = None) -> dict[str, Any]:
    print(f"[ERROR] {kind}: {message}", *(trace or []), sep="\n", flush=True)
    return {"errorMessage": message, "errorType": kind, "stackTrace": trace or []}


def _load(handler: str) -> Callable[[Any, Context], Any] | dict[str, Any]:
    """The handler, or Lambda's words for why there is none."""
    module, _, name = handler.rpartition(".")
    if not module:
        return _problem("Runtime.MalformedHandlerName", f"Bad handler '{handler}'")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        return _problem("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}")
    except SyntaxError as error:
        return _problem("Runtime.UserCodeSyntaxError", f"Syntax error in '{module}': {error}")
    except Exception as error:  # noqa: BLE001 - whatever the module raises is its own
        return _raised(error)
    found: Callable[[Any, Context], Any] | None = getattr(loaded, name, None)
    if found is None:
        return _problem("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    return found


def _raised(error: Exception) -> dict[str, Any]:
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    return _problem(type(error).__name__, str(error), traceback.format_list(own))


def _number(value: object) -> float:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _invoke(handler: Callable[[Any, Context], Any], told: dict[str, Any]) -> dict[str, Any]:
    _Formatter.request_id = told["id"]
    os.environ["_X_AMZN_TRACE_ID"] = told["trace"]
    try:
        result = handler(json.loads(told["event"]), Context(told))
    except Exception as error:  # noqa: BLE001 - as Lambda: everything but the end of the process
        return {"error": _raised(error)}
    try:
        return {"result": json.dumps(result, default=_number)}
    except (TypeError, ValueError) as error:
        return {"error": _problem("Runtime.MarshalError", f"Unable to marshal response: {error}")}


def main() -> None:
    """Load the handler, then serve."""
    link = _Link(socket.socket(fileno=int(sys.argv[1])))
    root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path[:] = [root, *sys.path, os.environ["LAMBDA_RUNTIME_DIR"]]
    sys.argv[:] = [root]
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(_Formatter())
    logging.getLogger().addHandler(output)
    if level := os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        logging.getLogger().setLevel(level)
    handler = _load(os.environ["_HANDLER"])
    if isinstance(handler, dict):
        link.say({"error": handler})
        return
    link.say({})
    while True:
        answer = _invoke(handler, link.next())
        sys.stdout.flush()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
        link.say({**answer, "peak": peak})


if __name__ == "__main__":
    main()
