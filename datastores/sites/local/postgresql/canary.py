"""Writes numbered rows into a PostgreSQL store through its own address, with the platform's probe login."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from datastores.sites.contract import Endpoint
from datastores.sites.local.canary import Canary
from datastores.sites.local.postgresql.logins import Connection, probe_login
from datastores.sites.local.postgresql.names import PROBE

# In the platform's own database, to which tenants can't connect.
CANARY_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS public.canary (number bigint PRIMARY KEY)",
    f"GRANT SELECT, INSERT, DELETE ON public.canary TO {PROBE}",
)
READ: Final = "SELECT number FROM public.canary WHERE number BETWEEN %s AND %s"
FORGET: Final = "DELETE FROM public.canary WHERE number BETWEEN %s AND %s"


class PostgreSQLCanary(Canary):
    """One kept session."""

    def __init__(self, endpoint: Endpoint, ca: Path) -> None:
        self._endpoint, self._ca = endpoint, ca
        self._session: Connection | None = None

    def write(self, number: int) -> None:
        """Insert one row, which commits by itself."""
        self._connected().execute("INSERT INTO public.canary VALUES (%s)", [number])

    def numbers(self, first: int, last: int) -> set[int]:
        """Select them."""
        rows = self._connected().execute(READ, [first, last])
        return {int(row[0]) for row in rows}

    def forget(self, first: int, last: int) -> None:
        """Delete them."""
        self._connected().execute(FORGET, [first, last])

    def hang_up(self) -> None:
        """Close the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _connected(self) -> Connection:
        if self._session is None:
            self._session = probe_login(self._endpoint, self._ca)
        return self._session
