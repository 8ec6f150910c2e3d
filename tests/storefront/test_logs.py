"""Logs: one JSON object a line."""

import asyncio
import io
import json
import logging

import pytest
from storefront.logs import JsonFormatter, log_context


@pytest.fixture
def lines():
    """Logs through a logger of the test's own; gives the lines as objects."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("test_logs")
    logger.setLevel("INFO")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_a_line(lines):
    logger, read = lines
    logger.info("placed %s\nfor %r", "S-1", {"a": 1}, extra={"order": "S-1", "odd": {1, 2} - {2}})
    (line,) = read()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "test_logs",
        "message": "placed S-1\nfor {'a': 1}",
        "order": "S-1",
        "odd": [1],
    }


def test_what_json_cannot_hold_is_shown_as_text(lines):
    logger, read = lines
    logger.info("x", extra={"thing": object})
    logger.info("x", extra={"broken": "\udcff"})
    assert read()[0]["thing"] == "<class 'object'>"
    assert read()[1]["broken"] == r"'\udcff'"


def test_an_exception_stays_on_its_line(lines):
    logger, read = lines
    try:
        int("no\nway")
    except ValueError:
        logger.exception("it failed")
    (line,) = read()
    assert r"no\nway" in line["exception"]


async def test_the_context_belongs_to_its_task(lines):
    logger, read = lines

    async def work(number):
        with log_context(request_id=number):
            await asyncio.sleep(0)
            logger.info("inside")
        logger.info("outside")

    await asyncio.gather(*(work(number) for number in range(3)))
    inside = [line["request_id"] for line in read() if line["message"] == "inside"]
    assert sorted(inside) == [0, 1, 2]
    assert not any("request_id" in line for line in read() if line["message"] == "outside")
