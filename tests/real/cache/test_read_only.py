"""Writes stopped on a real cache: what is refused, what stays possible, and what outlives a restart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from datastores.engines.cache import CacheSettings
from datastores.engines.cache.settings import Eviction
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.cache.sessions import session
from tests.real.cache.conftest import Server, running

pytestmark = pytest.mark.real
GROWING = ["SET more 1", "LPUSH list 1", "APPEND kept x", "HSET map a 1", "XADD stream * a 1"]
SHRINKING = ["DEL kept", "UNLINK kept", "FLUSHDB", "FLUSHALL", "GET kept", "TTL kept"]


@pytest.fixture
def stopped(server: Server) -> Iterator[Server]:
    """A cache with a key, whose writes are stopped."""
    with server.login() as client:
        client.set("kept", "value")
    assert server.engine.set_read_only(server.place, read_only=True)
    yield server
    assert server.engine.set_read_only(server.place, read_only=False)


@pytest.mark.parametrize("command", GROWING)
def test_what_grows_is_refused_with_the_engine_s_own_words(stopped: Server, command: str) -> None:
    with stopped.login() as client, pytest.raises(redis.exceptions.OutOfMemoryError, match="maxmemory"):
        client.execute_command(*command.split())


@pytest.mark.parametrize("command", SHRINKING)
def test_reading_and_deleting_go_on(stopped: Server, command: str) -> None:
    with stopped.login() as client:
        client.execute_command(*command.split())


def test_a_restart_keeps_writes_stopped_and_every_key(stopped: Server) -> None:
    stopped.restart()
    with stopped.login() as client:
        assert client.get("kept") == "value"
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("more", "1")


def test_another_eviction_policy_meanwhile_evicts_nothing_and_counts_afterwards() -> None:
    engine = LocalCache()
    with running(engine) as server:
        with server.login() as client:
            client.set("kept", "value")
        assert engine.set_read_only(server.place, read_only=True)
        engine.apply_settings(server.place, CacheSettings(eviction=Eviction.ALLKEYS_LRU))
        with server.login() as client:
            assert client.get("kept") == "value"
            with pytest.raises(redis.exceptions.OutOfMemoryError):
                client.set("more", "1")
        assert engine.set_read_only(server.place, read_only=False)
        with server.login() as client, session(server.place) as platform:
            assert client.set("more", "1")
            assert client.get("kept") == "value"
            answer = platform.ask("CONFIG", "GET", "maxmemory*")
            settings = dict(zip(answer[::2], answer[1::2], strict=True))
            assert settings["maxmemory-policy"] == "allkeys-lru"
            assert settings["maxmemory"] == str(716 * 1024**2)


def test_a_login_and_its_open_connection_stay(stopped: Server) -> None:
    with stopped.login() as client:
        assert client.ping()
        assert stopped.engine.set_read_only(stopped.place, read_only=True)
        assert client.get("kept") == "value"
    assert "TLS" in stopped.probe()
