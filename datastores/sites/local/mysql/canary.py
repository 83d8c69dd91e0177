"""Writes numbered rows into a MySQL store through its own address, with the platform's probe login."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from datastores.sites.contract import Endpoint
from datastores.sites.local.canary import Canary
from datastores.sites.local.mysql.logins import Connection, probe_connection
from datastores.sites.local.mysql.names import EDGE_ADDRESS, PROBE

# In the server's own schema, where tenants can't write and which their dumps leave out.
TABLE: Final = "mysql.hw_canary"
CANARY_THERE: Final = (
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'mysql' AND table_name = 'hw_canary'"
)
CANARY_TABLE: Final = (
    f"CREATE TABLE {TABLE} (number BIGINT PRIMARY KEY)",
    f"GRANT SELECT, INSERT, DELETE ON {TABLE} TO '{PROBE}'@'{EDGE_ADDRESS}'",
)


class MySQLCanary(Canary):
    """One kept session. It takes a connection of the store's while it writes; where none is left, the one that is
    reserved for the platform."""

    def __init__(self, endpoint: Endpoint, ca: Path) -> None:
        self._endpoint, self._ca = endpoint, ca
        self._session: Connection | None = None

    def write(self, number: int) -> None:
        """Insert one row, which commits by itself."""
        self._run(f"INSERT INTO {TABLE} VALUES (%s)", number)  # noqa: S608

    def numbers(self, first: int, last: int) -> set[int]:
        """Select them."""
        rows = self._run(f"SELECT number FROM {TABLE} WHERE number BETWEEN %s AND %s", first, last)  # noqa: S608
        return {int(str(row[0])) for row in rows}

    def forget(self, first: int, last: int) -> None:
        """Delete them."""
        self._run(f"DELETE FROM {TABLE} WHERE number BETWEEN %s AND %s", first, last)  # noqa: S608

    def hang_up(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None and session.open:
            session.close()

    def _run(self, statement: str, *values: int) -> list[tuple[object, ...]]:
        if self._session is None:
            self._session = probe_connection(self._endpoint, self._ca)
        with self._session.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
