"""The embedded Valkey: a password, and counters that survive."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import redis
from boxkit import eventually

from sandbox.valkey import Valkey


def client(server: Valkey, password: str | None) -> redis.Redis:
    return redis.Redis(port=server.port, password=password, protocol=2)


def test_counters_survive_and_passwords_change(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey").start()
    try:
        with client(server, server.password) as link:
            assert link.incr("n") == 1
        with client(server, None) as link, pytest.raises(redis.AuthenticationError):
            link.incr("n")
        server.set_password("another")
        with client(server, "another") as link:
            assert link.incr("n") == 2
    finally:
        server.stop()
    assert not server.ready()

    again = Valkey(tmp_path / "valkey", password="").start()
    try:
        with client(again, None) as link:
            assert link.incr("n") == 3
        assert again.pid is not None
        os.kill(again.pid, signal.SIGKILL)
        eventually(lambda: not again.ready())
    finally:
        again.stop()


def test_the_password_is_in_no_process_list(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey", password="hush-hush")
    words = [os.fspath(word) for word in server.command().argv]
    server.prepare()
    assert "hush-hush" not in " ".join(words)
    assert (tmp_path / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
