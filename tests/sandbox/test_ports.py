"""Ports are chosen long before a server listens on them, on a machine with other things to do."""

from __future__ import annotations

import socket
import sys

import pytest

from sandbox.part import HOST, free_port, keep_port, port_is_free

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ports are kept on Linux only")


def listening(port: int) -> socket.socket:
    """A server as asyncio, PostgreSQL and Valkey open theirs."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HOST, port))
    server.listen()
    return server


def test_a_chosen_port_is_nobody_elses_until_its_server_comes() -> None:
    port = free_port()
    others = [free_port() for _ in range(50)]
    assert len({port, *others}) == 51
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind((HOST, port))
    with listening(others[0]), pytest.raises(OSError, match="in use"):
        socket.create_connection((HOST, others[0]), source_address=(HOST, port))
    with listening(port):
        assert not port_is_free(port)


def test_a_server_comes_back_to_its_port_while_connections_linger() -> None:
    port = free_port()
    for _ in range(3):
        with listening(port) as server:
            with socket.create_connection((HOST, port)):
                server.accept()[0].close()  # who closes first is left with what lingers
            assert keep_port(port)  # ours already


def test_a_port_of_before_that_somebody_took_is_not_kept() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        assert not keep_port(taken.getsockname()[1])
