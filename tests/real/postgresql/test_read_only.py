"""Writes stopped on a real server: what is refused, what stays possible, who is cut, and what outlives a restart."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from datastores.sites.local.postgresql import LocalPostgreSQL
from datastores.sites.local.postgresql.configuration import WRITES_FILE
from host.waiting import wait_until
from tests.real.postgresql.conftest import HOBBYIST, Server, running

pytestmark = pytest.mark.real
LET_WRITE = "SET default_transaction_read_only = off"


@pytest.fixture
def stopped(server: Server) -> Iterator[Server]:
    """A server with a table, whose writes are stopped."""
    with server.login() as client:
        client.execute("DROP TABLE IF EXISTS kept")
        client.execute("CREATE TABLE kept AS SELECT generate_series(1, 100) AS number")
    assert server.engine.set_read_only(server.place, read_only=True)
    yield server
    assert server.engine.set_read_only(server.place, read_only=False)


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO kept VALUES (1)", "UPDATE kept SET number = 1", "CREATE TABLE more (a int)", "DELETE FROM kept"],
)
def test_writes_are_refused_with_the_engine_s_own_words(stopped: Server, statement: str) -> None:
    with (
        stopped.login() as client,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction, match="in a read-only transaction"),
    ):
        client.execute(statement)


@pytest.mark.parametrize("statement", ["DELETE FROM kept", "TRUNCATE kept", "DROP TABLE kept", "VACUUM FULL kept"])
def test_whoever_wants_to_make_room_can(stopped: Server, statement: str) -> None:
    with stopped.login() as client:
        client.execute(LET_WRITE)
        client.execute(statement)


def test_reading_goes_on(stopped: Server) -> None:
    with stopped.login() as client:
        assert client.execute("SELECT count(*) FROM kept").fetchone() == (100,)


def test_open_sessions_follow_and_a_transaction_that_writes_is_rolled_back(server: Server) -> None:
    with server.login() as idle, server.login() as writer:
        idle.execute("CREATE TABLE IF NOT EXISTS loaded (a int)")
        idle.execute("TRUNCATE loaded")
        writer.execute("BEGIN")
        writer.execute("INSERT INTO loaded VALUES (1)")
        assert server.engine.set_read_only(server.place, read_only=True)
        try:
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                idle.execute("INSERT INTO loaded VALUES (2)")
            with pytest.raises(psycopg.OperationalError):
                writer.execute("COMMIT")
            assert idle.execute("SELECT count(*) FROM loaded").fetchone() == (0,)
        finally:
            assert server.engine.set_read_only(server.place, read_only=False)
        idle.execute("INSERT INTO loaded VALUES (3)")


def test_applying_it_again_cuts_nobody_who_makes_room(stopped: Server) -> None:
    with stopped.login() as client:
        client.execute(LET_WRITE)
        client.execute("BEGIN")
        client.execute("DELETE FROM kept")
        assert stopped.engine.set_read_only(stopped.place, read_only=True)
        client.execute("COMMIT")
        assert client.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_the_platform_still_gets_its_work_done(stopped: Server) -> None:
    stopped.engine.set_password(stopped.place, "hwadmin", stopped.access.password)
    assert "TLS" in stopped.probe()


def test_a_switch_that_broke_off_is_finished_by_the_next_one(stopped: Server) -> None:
    file = stopped.place.configuration / WRITES_FILE
    file.write_text("default_transaction_read_only = off\n")  # written, and then its writer was killed
    with stopped.login() as client:
        assert client.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
    assert stopped.engine.set_read_only(stopped.place, read_only=False)
    with stopped.login() as client:
        client.execute("INSERT INTO kept VALUES (1)")
    assert not file.exists()


def test_a_server_that_is_off_follows_at_its_next_start(engine: LocalPostgreSQL) -> None:
    with running(engine) as server:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(10)
        assert not engine.set_read_only(server.place, read_only=True)
        engine.configure(server.place, HOBBYIST)
        with subprocess.Popen(
            engine.service(server.place).command, stderr=subprocess.DEVNULL, cwd=server.place.data
        ) as again:
            try:
                assert wait_until(lambda: engine.ready(server.place), 10)
                with server.login() as client, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                    client.execute("CREATE TABLE more (a int)")
                assert engine.set_read_only(server.place, read_only=False)
                with server.login() as client:
                    client.execute("CREATE TABLE more (a int)")
            finally:
                again.send_signal(signal.SIGINT)
