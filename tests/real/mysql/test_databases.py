"""What the platform tells of a MySQL server's databases, whatever their names and whoever fills the server."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from datastores.sites.contract import NoAnswer
from datastores.sites.local.mysql.databases import databases

from .conftest import Server, execute

pytestmark = pytest.mark.real
LIMIT = 76
# A slash is what separates database and table in the server's own list of files.
NAMES = ("defaultdb", "a", "a/b", "a/b-c é.x%s", "É", "e", "empty")


def files_of(server: Server, folder: str) -> int:
    return sum(path.stat().st_size for path in (server.place.data / folder).glob("*.ibd"))


def test_names_tables_and_sizes(server: Server) -> None:
    for name in NAMES[1:]:
        server.run(f"CREATE DATABASE `{name}`")
    for name in NAMES[:-1]:
        server.run(f"CREATE TABLE `{name}`.`b/t` (x longblob)")
    server.run("CREATE TABLE a.parts (x int) PARTITION BY HASH (x) PARTITIONS 3")
    server.run("CREATE TABLE a.texts (y text, FULLTEXT KEY (y))")
    server.run("CREATE VIEW a.shown AS SELECT 1")
    server.run("INSERT INTO `a/b`.`b/t` VALUES (repeat('x', 9000000))")
    found = {database.name: database for database in databases(server.place)}
    assert set(found) == set(NAMES)
    assert {name: database.holds for name, database in found.items()} == {
        **dict.fromkeys(NAMES, "1 table"),
        "a": "3 tables",
        "empty": "0 tables",
    }
    assert found["a"].size_bytes == files_of(server, "a")
    assert found["a/b"].size_bytes == files_of(server, "a@002fb") > 9_000_000
    assert found["e"].size_bytes == files_of(server, "e") > 0
    assert found["empty"].size_bytes == 0
    assert all(database.open and not database.owner for database in found.values())


def test_nobody_s_connection_is_taken_and_no_lock_waited_for(server: Server) -> None:
    with ExitStack() as held:
        tenants = [held.enter_context(server.login()) for _ in range(LIMIT)]
        execute(tenants[0], "CREATE TABLE IF NOT EXISTS locked (x int)")
        execute(tenants[0], "LOCK TABLES locked WRITE")
        began = time.monotonic()
        assert "defaultdb" in {database.name for database in databases(server.place)}
        assert time.monotonic() - began < 2
        assert all(execute(tenant, "SELECT 1") == [(1,)] for tenant in tenants)


def test_a_server_that_is_down_is_silent(server: Server) -> None:
    server.stop()
    try:
        with pytest.raises(NoAnswer):
            databases(server.place)
    finally:
        server.start()
