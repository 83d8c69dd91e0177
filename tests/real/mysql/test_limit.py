"""The plan's connections: exactly as many as it says, whoever holds them, and the platform always gets in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pymysql
import pytest
from pymysql.constants import ER

from datastores.limits import PlanFacts, mysql_connections
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.mysql import LocalMySQL
from datastores.sites.local.mysql.logins import administration, platform_login, probe_login
from host.waiting import wait_until

from .conftest import Server, execute, running

pytestmark = pytest.mark.real
LIMIT = mysql_connections(PlanFacts("hobbyist", 1, 1))


@pytest.fixture
def server(engine: LocalMySQL) -> Iterator[Server]:
    """A server of its own per test: connections that are still ending count, too."""
    with running(engine) as server:
        yield server


def hold(server: Server, held: ExitStack, number: int, **changes: object) -> list[pymysql.Connection]:
    return [held.enter_context(server.login(**changes)) for _ in range(number)]


def refused(server: Server, **changes: object) -> None:
    """The engine says no itself, in its own words."""
    with pytest.raises(pymysql.err.OperationalError) as error:
        server.login(**changes)
    assert error.value.args[0] == ER.CON_COUNT_ERROR
    assert "Too many connections" in error.value.args[1]


def enters(server: Server) -> bool:
    """Whether a tenant is let in now."""
    try:
        server.login().close()
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.CON_COUNT_ERROR:
            raise
        return False
    return True


def tenants(server: Server) -> int:
    with platform_login(server.place) as platform:
        rows = execute(platform, "SHOW PROCESSLIST")
    return sum(row[1] not in ("headwater", "hw_probe", "event_scheduler") for row in rows)


def test_the_76th_connection_works_and_the_77th_is_refused(server: Server) -> None:
    assert LIMIT == 76
    with ExitStack() as held:
        for number, connection in enumerate(hold(server, held, LIMIT)):
            assert execute(connection, f"SELECT {number}") == [(number,)]
        refused(server)
        refused(server)


def test_the_platform_takes_none_of_them_while_it_is_in(server: Server) -> None:
    """All three at once: the platform, the probe, and as many tenants as the plan says."""
    with administration(server.place) as session, ExitStack() as held:
        held.enter_context(probe_login(server.endpoint, server.ca, session))
        hold(server, held, LIMIT)
        refused(server)
    assert wait_until(lambda: tenants(server) == 0, 5)


def test_the_platform_gets_in_beside_them_and_leaves_no_place_behind(server: Server) -> None:
    with ExitStack() as held:
        hold(server, held, LIMIT)
        for _ in range(5):
            assert server.probe().startswith("Logged in over TLS 1.3")
            refused(server)
        assert server.engine.ready(server.place)
        server.engine.set_password(server.place, "hwadmin", "another password")
        server.engine.reload(server.place)
        refused(server, password="another password")
        assert tenants(server) == LIMIT


def test_a_freed_connection_can_be_used_again_between_probes(server: Server) -> None:
    with ExitStack() as held:
        hold(server, held, LIMIT - 1)
        for _ in range(5):
            # The server counts the platform's session for an instant after it has left.
            assert wait_until(lambda: enters(server), 1)
            assert wait_until(lambda: tenants(server) == LIMIT - 1, 5)
            assert server.probe().startswith("Logged in")


def test_several_accounts_and_databases_share_the_one_limit(server: Server) -> None:
    with server.login() as admin:
        execute(admin, "CREATE USER app@'%' IDENTIFIED BY 'app'")
        execute(admin, "CREATE DATABASE other")
        execute(admin, "GRANT ALL ON other.* TO app@'%'")
    kinds: tuple[dict[str, object], ...] = (
        {},
        {"user": "app", "password": "app", "database": "other"},
        {"database": "other"},
    )
    assert wait_until(lambda: tenants(server) == 0, 5)
    with ExitStack() as held:
        for number in range(LIMIT):
            hold(server, held, 1, **kinds[number % 3])
        for kind in kinds:
            refused(server, **kind)


def test_clients_that_knock_all_the_time_get_no_more_while_the_platform_comes_and_goes(server: Server) -> None:
    """Retrying applications find the moment at which the platform has made room, if there is one."""
    stop = threading.Event()
    more: list[pymysql.Connection] = []
    others: set[int] = set()

    def knock() -> None:
        while not stop.is_set():
            try:
                more.append(server.login())
            except pymysql.err.OperationalError as error:
                others.update({error.args[0]} - {ER.CON_COUNT_ERROR})

    with ExitStack() as held:
        hold(server, held, LIMIT)
        knockers = [threading.Thread(target=knock) for _ in range(4)]
        for knocker in knockers:
            knocker.start()
        said = {server.probe().rpartition(" in ")[0] for _ in range(30)}
        server.engine.set_password(server.place, "hwadmin", server.access.password)
        ready = server.engine.ready(server.place)
        stop.set()
        for knocker in knockers:
            knocker.join()
        assert wait_until(lambda: tenants(server) == LIMIT, 5)
        assert more == []
    assert others == set()
    assert ready
    assert said <= {"Logged in over TLS 1.3", "The server answers; all 76 connections are"}


def test_the_platform_gets_in_where_nobody_else_can(server: Server) -> None:
    """Clients that never finish their login take every place, the reserved one as well."""
    with ExitStack() as held:
        for _ in range(LIMIT + 1):
            held.enter_context(closing(socket.create_connection(("localhost", server.access.port), 5)))
        assert wait_until(lambda: tenants(server) == LIMIT + 1, 5)
        refused(server)
        assert server.engine.ready(server.place)
        server.engine.set_password(server.place, "hwadmin", "another password")
        with pytest.raises(ProbeFailure, match="no connection left, and not because tenants"):
            server.probe()
    assert wait_until(lambda: tenants(server) == 0, 15)
    assert server.run("SELECT 1", password="another password") == [(1,)]


def test_a_platform_that_died_while_it_was_in_is_made_up_for(server: Server) -> None:
    with platform_login(server.place) as platform:
        execute(platform, f"SET GLOBAL max_connections = {LIMIT + 2}")
    server.probe()
    with ExitStack() as held:
        hold(server, held, LIMIT)
        refused(server)
