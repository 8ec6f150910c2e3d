"""Fails in the way it is told to."""

import json
import os
import sys
import time


def spin() -> None:
    while True:
        pass


def fail() -> None:
    raise RuntimeError("on purpose")


WAYS = {
    "hang": lambda: sys.stdout.write("hanging\n") and time.sleep(60),
    "spin": spin,
    "crash": lambda: os._exit(3),
    "exit": lambda: sys.exit("enough"),
    "abort": os.abort,
    "raise": fail,
    "unserialisable": object,
    "malformed": lambda: {"statusCode": "many"},
    "bytes": lambda: {"statusCode": 200, "body": "AAEC", "isBase64Encoded": True},
    "well": lambda: {"pid": os.getpid()},
}


def handle(event: dict, context: object) -> object:
    told = json.loads(event["body"]) if "body" in event else event
    return WAYS[told["how"]]()


def slow(event: dict, context: object) -> dict:
    time.sleep(1.2)
    return {"pid": os.getpid()}
