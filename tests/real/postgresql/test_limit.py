"""The plan's connections: exactly as many as it says, whoever holds them, and the platform always gets in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from datastores.engines.postgresql.settings import WAL_SENDERS
from datastores.limits import PlanFacts, postgresql_connections
from datastores.sites.local.postgresql import LocalPostgreSQL
from datastores.sites.local.postgresql.logins import platform_login, probe_login
from host.waiting import wait_until

from .conftest import Server, running

pytestmark = pytest.mark.real
LIMIT = postgresql_connections(PlanFacts("hobbyist", 1, 1))
REFUSED = "remaining connection slots are reserved"


@pytest.fixture
def server(engine: LocalPostgreSQL) -> Iterator[Server]:
    """A server of its own per test: connections that are still ending count, too."""
    with running(engine) as server:
        yield server


def test_the_25th_connection_works_and_the_26th_is_refused(server: Server) -> None:
    with ExitStack() as held:
        for number in range(LIMIT):
            connection = held.enter_context(server.login())
            assert connection.execute("SELECT %s::int", [number]).fetchone() == (number,)
        with pytest.raises(psycopg.OperationalError, match=REFUSED):
            server.login()
    assert LIMIT == 25


def test_the_platform_takes_none_of_them_and_gets_in_beside_them(server: Server) -> None:
    with ExitStack() as held:
        held.enter_context(platform_login(server.place))
        held.enter_context(probe_login(server.endpoint, server.ca))
        for _ in range(LIMIT):
            held.enter_context(server.login())
        with pytest.raises(psycopg.OperationalError, match=REFUSED):
            server.login()
        assert server.engine.ready(server.place)
        assert server.probe().startswith("Logged in over TLS 1.3")
        server.engine.set_password(server.place, "hwadmin", "another password")
        with platform_login(server.place) as platform:
            tenants = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            assert platform.execute(tenants).fetchone() == (LIMIT,)


def test_several_roles_and_databases_share_the_one_limit(server: Server) -> None:
    with server.login() as admin:
        admin.execute("CREATE ROLE app LOGIN PASSWORD 'app'")
        admin.execute("CREATE DATABASE other OWNER app")
    app = {"user": "app", "password": "app", "dbname": "other"}
    kinds: tuple[dict[str, str], ...] = ({}, app, {"dbname": "other"})
    assert wait_until(lambda: _tenants(server) == 0, 5)
    with ExitStack() as held:
        for number in range(LIMIT):
            held.enter_context(server.login(**kinds[number % 3]))
        for kind in kinds:
            with pytest.raises(psycopg.OperationalError, match=REFUSED):
                server.login(**kind)
        assert server.engine.ready(server.place)


def test_a_freed_connection_can_be_used_again(server: Server) -> None:
    with ExitStack() as held:
        first = server.login()
        for _ in range(LIMIT - 1):
            held.enter_context(server.login())
        first.close()
        assert wait_until(lambda: _tenants(server) == LIMIT - 1, 5)
        held.enter_context(server.login())


def test_the_platform_gets_in_even_when_a_tenant_uses_up_the_replication_connections(server: Server) -> None:
    with ExitStack() as held:
        for _ in range(LIMIT):
            held.enter_context(server.login())
        for _ in range(WAL_SENDERS):
            held.enter_context(server.login(replication="database"))
        with pytest.raises(psycopg.OperationalError, match="max_wal_senders"):
            server.login(replication="database")
        assert server.engine.ready(server.place)
        assert server.probe().startswith("Logged in over TLS 1.3")
        with pytest.raises(psycopg.OperationalError, match=REFUSED):
            server.login()


def test_the_super_admin_can_not_raise_the_limit(server: Server) -> None:
    attempts = (
        "ALTER SYSTEM SET max_connections = 1000",
        "ALTER SYSTEM SET superuser_reserved_connections = 0",
        "ALTER ROLE hwadmin SET superuser_reserved_connections = 0",
        "GRANT pg_use_reserved_connections TO hwadmin",
        "CREATE ROLE more LOGIN IN ROLE pg_use_reserved_connections",
        "ALTER ROLE hwadmin SUPERUSER",
        "SET SESSION AUTHORIZATION hw_probe",
        "ALTER ROLE hw_probe PASSWORD 'known'",
    )
    with server.login() as admin:
        for attempt in attempts:
            with pytest.raises(psycopg.Error):
                admin.execute(attempt)


def _tenants(server: Server) -> int:
    with platform_login(server.place) as platform:
        row = platform.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'",
        ).fetchone()
    return int(row[0]) if row else -1
