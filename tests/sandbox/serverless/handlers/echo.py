"""Tells what it was asked and what it sees."""

import json
import os
import sys
from pathlib import Path

from shared.words import GREETING


def modules() -> list[str]:
    found = []
    for name in ("boto3", "botocore", "starlette", "pulumi", "sandbox", "echo", "pip"):
        try:
            __import__(name)
        except ImportError:
            continue
        found.append(name)
    return found


def handle(event: dict, context: object) -> dict:
    if event.get("tell") == "environment":
        return {"env": dict(os.environ), "cwd": str(Path.cwd()), "path": sys.path}
    if event.get("tell") == "modules":
        return {"modules": modules()}
    if event.get("tell") == "context":
        return {
            "arn": context.invoked_function_arn,
            "left": context.get_remaining_time_in_millis(),
            "memory": context.memory_limit_in_mb,
            "pid": os.getpid(),
        }
    sys.stdout.write(f"{GREETING} from {context.aws_request_id}\n")
    return {
        "statusCode": 202,
        "headers": {"Content-Type": "application/json", "X-Number": 7},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": json.dumps(event),
    }
