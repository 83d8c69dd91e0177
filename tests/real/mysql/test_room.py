"""The log of changes gives its disk back when the disk fills, and the data stays."""

from __future__ import annotations

import pytest

from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.room import FILES_KEPT
from tests.real.mysql.conftest import Server

pytestmark = pytest.mark.real


def test_old_files_of_the_log_go_and_data_stays(server: Server) -> None:
    server.run("CREATE TABLE changed (number INT PRIMARY KEY)")
    with administration(server.place) as session:
        for number in range(FILES_KEPT + 3):
            server.run(f"INSERT INTO changed VALUES ({number})")  # noqa: S608 - a number of this test
            session.execute("FLUSH BINARY LOGS")
        before = list_of(session)
    server.engine.make_room(server.place)
    with administration(server.place) as session:
        after = list_of(session)
    assert after == before[-FILES_KEPT:]
    assert server.run("SELECT COUNT(*) FROM changed") == [(FILES_KEPT + 3,)]


def list_of(session: Administration) -> list[object]:
    """Return the names of the log's files, oldest first."""
    return [row[0] for row in session.execute("SHOW BINARY LOGS")]
