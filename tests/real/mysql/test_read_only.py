"""A node whose disk is nearly full: writes stop, deleting does not, and it comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from datastores.sites.local.mysql import LocalMySQL, read_only
from host.waiting import wait_until

from .conftest import HOBBYIST, Server, execute, running

pytestmark = pytest.mark.real
READ_ONLY_TRANSACTION = 1792
GROWING = (
    "INSERT INTO kept VALUES (2)",
    "UPDATE kept SET id = 3",
    "CREATE TABLE more (id INT)",
    "CREATE TABLE copy AS SELECT * FROM kept",
    "ALTER TABLE kept ADD COLUMN more INT",
    "TRUNCATE kept",
)


@pytest.fixture
def server(engine: LocalMySQL) -> Iterator[Server]:
    with running(engine) as server:
        server.run("CREATE TABLE kept (id INT)")
        server.run("INSERT INTO kept VALUES (1)")
        yield server


def stopped(server: Server) -> bool:
    """Whether an ordinary session can't write."""
    try:
        server.run("INSERT INTO kept VALUES (2)")
    except pymysql.MySQLError as error:
        return bool(error.args[0] == READ_ONLY_TRANSACTION)
    return False


def switch(server: Server, *, read_only: bool) -> bool:
    return server.engine.set_read_only(server.place, read_only=read_only)


def test_what_is_allowed_already_costs_no_login(server: Server) -> None:
    server.stop()
    assert switch(server, read_only=False)
    server.start()


def test_growing_stops_and_making_room_does_not(server: Server) -> None:
    assert switch(server, read_only=True)
    for statement in GROWING:
        with pytest.raises(pymysql.MySQLError) as error:
            server.run(statement)
        assert error.value.args[0] == READ_ONLY_TRANSACTION
    assert server.run("SELECT id FROM kept") == [(1,)]
    with server.login() as tenant:
        execute(tenant, "SET SESSION transaction_read_only = OFF")
        for statement in ("DELETE FROM kept", "OPTIMIZE TABLE kept", "TRUNCATE kept", "DROP TABLE kept"):
            execute(tenant, statement)


def test_sessions_of_before_end_and_later_ones_that_make_room_stay(server: Server) -> None:
    with server.login() as before:
        assert switch(server, read_only=True)
        with pytest.raises(pymysql.MySQLError):
            execute(before, "INSERT INTO kept VALUES (2)")
    with server.login() as later:
        execute(later, "SET SESSION transaction_read_only = OFF")
        assert switch(server, read_only=True)
        execute(later, "DELETE FROM kept")


def test_it_outlives_a_restart(server: Server) -> None:
    assert switch(server, read_only=True)
    server.stop()
    assert not switch(server, read_only=True)
    server.start()
    assert stopped(server)
    assert switch(server, read_only=True)
    assert server.probe().startswith("Logged in")


def test_a_server_that_is_down_follows_at_its_start(server: Server) -> None:
    server.stop()
    assert not switch(server, read_only=True)
    server.start()
    assert stopped(server)


def test_it_comes_back_with_everything(server: Server) -> None:
    assert switch(server, read_only=True)
    with server.login() as meanwhile:
        assert switch(server, read_only=False)
        with pytest.raises(pymysql.MySQLError):  # a session would stay read-only for its life
            execute(meanwhile, "SELECT 1")
    assert not stopped(server)
    server.engine.configure(server.place, HOBBYIST)
    server.stop()
    server.start()
    assert not stopped(server)


def test_a_switch_that_died_half_way_is_completed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.login() as before:
        with monkeypatch.context() as broken:
            broken.setattr(read_only, "end_sessions", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                switch(server, read_only=True)
        execute(before, "INSERT INTO kept VALUES (2)")
        assert switch(server, read_only=True)
        with pytest.raises(pymysql.MySQLError):
            execute(before, "INSERT INTO kept VALUES (3)")


def test_the_platform_goes_on(server: Server) -> None:
    assert switch(server, read_only=True)
    server.engine.set_password(server.place, "hwadmin", "another password")
    assert wait_until(lambda: server.run("SELECT 1", password="another password") == [(1,)], 5)
