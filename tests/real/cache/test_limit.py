"""The plan's clients: exactly as many as it says and INFO shows, and the platform gets in nevertheless."""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from console.errors import Refusal
from datastores.sites.contract import Endpoint
from datastores.sites.local.cache.configuration import SETTINGS_FILE
from datastores.sites.local.cache.part import adopt_part
from datastores.sites.local.cache.sessions import SPARE, is_full, session
from datastores.sites.local.edge import Address, Slot
from datastores.sites.local.machine import Machine
from host.files import write_private
from host.waiting import wait_until

from .conftest import Server, running

pytestmark = pytest.mark.real
PLAN = 10_000
SMALL = 40


@pytest.fixture
def server(engine: object) -> Iterator[Server]:
    """A server of its own per test: connections that are still ending count, too."""
    with running(engine) as server:  # type: ignore[arg-type]
        yield server


@pytest.fixture
def small(server: Server) -> Server:
    """The same with 40 places, set where the platform reads the limit, too."""
    path = server.place.configuration / SETTINGS_FILE
    write_private(path, path.read_text().replace(f"maxclients {PLAN}\n", f"maxclients {SMALL}\n"))
    server.engine.write_part(server.place, None, ())
    server.restart()
    return server


def test_ten_thousand_clients_and_not_one_more(server: Server) -> None:
    """The server counts a connection when it arrives, before its TLS handshake: most of these stop there."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, PLAN + 2_000), most))
    with contextlib.ExitStack() as held:
        for _ in range(PLAN - 10):
            held.enter_context(socket.create_connection(("127.0.0.1", server.access.port), timeout=5))
        assert wait_until(lambda: _connected(server) == PLAN - 10, 10)
        tenants = [held.enter_context(server.login()) for _ in range(10)]
        assert all(tenant.ping() for tenant in tenants)
        with pytest.raises(redis.ConnectionError):
            server.login().ping()
        info = tenants[0].info("clients")
        assert info["connected_clients"] == info["maxclients"] == PLAN
        assert is_full(server.place)
        assert server.engine.ready(server.place)
        assert server.probe() == "The server runs; all 10000 connections are taken, so the platform did not log in."
        tenants[-1].close()
        assert wait_until(lambda: tenants[0].info("clients")["connected_clients"] == PLAN - 1, 5)
        assert held.enter_context(server.login()).ping()


def test_a_server_that_may_open_too_few_files_keeps_its_limit_and_takes_its_part(small: Server) -> None:
    path = small.place.configuration / SETTINGS_FILE
    write_private(path, path.read_text().replace(f"maxclients {SMALL}\n", "maxclients 900000\n"))
    small.engine.write_part(small.place, None, ())
    with session(small.place) as platform:
        platform.ask("CONFIG", "SET", "shutdown-on-sigterm", "force")
        adopt_part(small.place, platform)
        assert platform.ask("CONFIG", "GET", "shutdown-on-sigterm") == ["shutdown-on-sigterm", "default"]
        assert platform.clients()["maxclients"] < 900_000


def test_the_platform_takes_no_place_while_tenants_fill_the_last_ones(small: Server) -> None:
    """Sessions and probes run all the time; the tenant still gets every place, and never one more."""
    stop = threading.Event()
    failures: list[Exception] = []

    def watch() -> None:
        while not stop.wait(0.02):
            try:
                small.probe()
            except Exception as error:
                failures.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with contextlib.ExitStack() as held:
            tenants = [held.enter_context(small.login()) for _ in range(SMALL)]
            assert all(tenant.ping() for tenant in tenants)
            with pytest.raises(redis.ConnectionError):
                small.login().ping()
            assert tenants[0].info("clients")["maxclients"] == SMALL
    finally:
        stop.set()
        watcher.join()
    assert failures == []


def test_a_session_near_the_limit_raises_it_and_puts_it_back(small: Server) -> None:
    with contextlib.ExitStack() as held:
        tenants = [held.enter_context(small.login()) for _ in range(SMALL - 1)]
        assert all(tenant.ping() for tenant in tenants)
        with session(small.place):
            assert tenants[0].info("clients")["maxclients"] == SMALL + SPARE
            assert held.enter_context(small.login()).ping()
        assert tenants[0].info("clients")["maxclients"] == SMALL


def test_what_a_killed_session_left_is_healed_by_the_next(small: Server) -> None:
    with session(small.place) as platform:
        platform.ask("CONFIG", "SET", "maxclients", SMALL + SPARE)
    with small.login() as tenant:
        assert tenant.info("clients")["maxclients"] == SMALL + SPARE
        assert small.probe()
        assert tenant.info("clients")["maxclients"] == SMALL


def test_a_requested_change_gets_in_at_the_cost_of_the_youngest_connection(
    small: Server,
    running_edge: Machine,
) -> None:
    slot = Slot(7, settings.EDGE_FIRST_PORT + 6, (Address("127.0.0.1", small.place.port),), ("0.0.0.0/0", "::/0"))
    running_edge.edge.apply(slot)
    with contextlib.ExitStack() as held:
        tenants = [held.enter_context(small.login(port=slot.port)) for _ in range(SMALL)]
        assert all(tenant.ping() for tenant in tenants)
        assert is_full(small.place)
        evidence = small.engine.probe(small.place, Endpoint("localhost", slot.port), small.ca)
        assert evidence.startswith("The server runs; all 40")
        small.engine.set_password(small.place, "hwadmin", "another password")
        assert sum(_answers(tenant) for tenant in tenants) == SMALL - 1
    with small.login(password="another password", port=slot.port) as tenant:
        assert tenant.ping()
    running_edge.edge.apply(Slot(7, slot.port))


def test_without_an_edge_a_change_is_refused_in_words(small: Server, running_edge: Machine) -> None:
    with contextlib.ExitStack() as held:
        tenants = [held.enter_context(small.login()) for _ in range(SMALL)]
        assert all(tenant.ping() for tenant in tenants)
        with pytest.raises(Refusal, match="Every connection of the cache is in use"):
            small.engine.set_password(small.place, "hwadmin", "another password")
    assert running_edge.edge.answering()


def _connected(server: Server) -> int:
    with session(server.place) as platform:
        return platform.clients()["connected_clients"] - 1


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
