"""What a cache keeps: over a restart, over a killed process, and where its process runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import redis

from datastores.sites.local.cache import LocalCache
from datastores.sites.local.cache.sessions import session

from .conftest import Server, running

pytestmark = pytest.mark.real


@pytest.fixture
def server(engine: LocalCache) -> Iterator[Server]:
    with running(engine) as server:
        yield server


def test_a_restart_keeps_data_and_password(server: Server) -> None:
    with server.login() as tenant:
        tenant.set("string", "kept")
        tenant.zadd("sorted", {"a": 1.5})
        tenant.set("brief", "kept", ex=1000)
        tenant.execute_command("SELECT", 3)
        tenant.set("elsewhere", "kept")
    server.restart()
    with server.login() as tenant:
        assert tenant.get("string") == "kept"
        assert tenant.zscore("sorted", "a") == 1.5
        assert 0 < tenant.ttl("brief") <= 1000
        tenant.execute_command("SELECT", 3)
        assert tenant.get("elsewhere") == "kept"


def test_a_killed_process_has_lost_nothing_that_it_had_answered(server: Server) -> None:
    """Several rounds, each killed at another moment of a stream of writes."""
    for round_number in range(4):
        answered = _written_until(server, seconds=0.3 + 0.17 * round_number)
        server.restart(cleanly=False)
        with server.login() as tenant:
            assert int(tenant.get("counter") or 0) >= answered > 0


def test_data_stays_while_the_file_is_rewritten(server: Server) -> None:
    with server.login() as tenant:
        for number in range(500):
            tenant.set("same", number)
        with session(server.place) as platform:
            platform.ask("BGREWRITEAOF")
        tenant.set("after", "kept")
    server.restart(cleanly=False)
    with server.login() as tenant:
        assert (tenant.get("same"), tenant.get("after")) == ("499", "kept")


def test_an_acknowledged_wait_for_the_disk_works(server: Server) -> None:
    with server.login() as tenant:
        tenant.set("key", "value")
        assert tenant.execute_command("WAITAOF", 1, 0, 3000) == [1, 0]


def _written_until(server: Server, *, seconds: float) -> int:
    """Write, kill the process in the middle of it, and return the last number that was answered."""
    answered = 0

    def write() -> None:
        nonlocal answered
        with server.login() as tenant:
            start = int(tenant.get("counter") or 0)
            try:
                for number in range(start + 1, start + 1_000_000):
                    tenant.set("counter", number)
                    answered = number
            except redis.RedisError:
                return

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(seconds)  # the moment of the kill is the test's input, not something to wait for
    server.process.kill()
    writer.join(10)
    return answered
