"""The log of changes gives its disk back when the disk fills, and the data stays."""

from __future__ import annotations

import pytest

from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.room import FILES_KEPT
from tests.real.mysql.conftest import Server

pytestmark = pytest.mark.real


def test_old_files_of_the_log_go_and_data_stays(server: Server) -> None:
    server.run("CREATE TABLE changed (number INT PRIMARY KEY, text TEXT)")
    with administration(server.place) as session:
        session.execute("SET GLOBAL max_binlog_size = 4096")
        for number in range(FILES_KEPT + 3):
            server.run(f"INSERT INTO changed VALUES ({number}, REPEAT('x', 4000))")  # noqa: S608 - a number of this test
        before = list_of(session)
    server.engine.make_room(server.place)
    with administration(server.place) as session:
        after = list_of(session)
    assert 1 < len(after) < FILES_KEPT + 1
    assert after == before[-len(after) :]
    assert server.run("SELECT COUNT(*) FROM changed") == [(FILES_KEPT + 3,)]


def list_of(session: Administration) -> list[object]:
    """Return the names of the log's files, oldest first."""
    return [row[0] for row in session.execute("SHOW BINARY LOGS")]
