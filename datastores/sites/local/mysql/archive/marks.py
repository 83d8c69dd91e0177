"""Marks in a MySQL server: a row with the time, committed like any other, and which events the tenant has switched off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import pymysql
from pymysql.constants import ER
from pymysql.converters import escape_string

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.acknowledging import confirming, waits
from datastores.sites.local.mysql.events import disabled_events
from datastores.sites.local.mysql.logins import Administration, administration

# In the server's own schema, where tenants can't write and which their dumps leave out.
TABLE: Final = "mysql.hw_beat"
SCHEMA: Final = f"CREATE TABLE IF NOT EXISTS {TABLE} (only_one TINYINT PRIMARY KEY, at DATETIME(6) NOT NULL, events_off JSON NOT NULL)"
LAST: Final = f"SELECT at, events_off FROM {TABLE}"  # noqa: S608 - a fixed name
ANSWER_SECONDS: Final = 10.0
BUSY: Final = "Writes wait for a standby, so the log can't be marked now."


def mark(session: Administration) -> datetime:
    """Commit a mark in a primary, and return its time. Raises ArchiverError where it would wait for a standby."""
    if waits(session) and not confirming(session):
        raise ArchiverError(BUSY)
    ((at,),) = session.execute("SELECT UTC_TIMESTAMP(6)")
    if not isinstance(at, datetime):
        raise TypeError(at)
    off = escape_string(json.dumps(disabled_events(session)))
    row = f"REPLACE INTO {TABLE} VALUES (1, '{at}', '{off}')"  # noqa: S608 - a fixed name
    try:
        session.execute(row)
    except pymysql.err.ProgrammingError as error:
        if error.args[0] != ER.NO_SUCH_TABLE:
            raise
        session.execute(SCHEMA)
        session.execute(row)
    return at.replace(tzinfo=UTC)


def last_mark(place: Place) -> tuple[datetime, list[list[str]]] | None:
    """Return the last mark, and which events the tenant had switched off then; None for a server that was never marked."""
    with answering(place) as session:
        try:
            rows = session.execute(LAST)
        except pymysql.err.ProgrammingError as error:
            if error.args[0] != ER.NO_SUCH_TABLE:
                raise
            return None
    if not rows:
        return None
    at, off = rows[0]
    if not isinstance(at, datetime):
        raise TypeError(at)
    return at.replace(tzinfo=UTC), json.loads(str(off))


def recovered_to(place: Place) -> datetime | None:
    """Return the last mark in a server; None for one that was never marked."""
    found = last_mark(place)
    return found[0] if found else None


@contextmanager
def answering(place: Place) -> Iterator[Administration]:
    """Ask a server. Raises ArchiverError where it does not answer."""
    try:
        with administration(place, seconds=ANSWER_SECONDS) as session:
            yield session
    except (pymysql.Error, OSError):
        raise ArchiverError("The server did not answer.") from None
