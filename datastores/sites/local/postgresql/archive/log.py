"""Marks in a PostgreSQL server's log, and what of the log has arrived in the archive.

A mark is a row with the time, committed like any other. When the log file with its commit is archived, everything that
was committed before that time can be restored: the window ends there, exactly. A restored server shows in the same row how far it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from datastores.schedule import beat_is_due
from datastores.sites.local.archive.contract import ArchiverError, Look
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive.holdings import is_broken
from datastores.sites.local.postgresql.archive.meanings import meaning
from datastores.sites.local.postgresql.archive.reach import last_words
from datastores.sites.local.postgresql.archive.segments import file_number, number_of, position
from datastores.sites.local.postgresql.logins import Connection, platform_login

SCHEMA: Final = """
    CREATE SCHEMA IF NOT EXISTS headwater;
    CREATE TABLE IF NOT EXISTS headwater.beat (only_one bool PRIMARY KEY DEFAULT true CHECK (only_one), at timestamptz NOT NULL)
"""
BEAT: Final = """
    INSERT INTO headwater.beat (at) VALUES (clock_timestamp())
    ON CONFLICT (only_one) DO UPDATE SET at = excluded.at RETURNING at
"""
LAST_BEAT: Final = "SELECT at FROM headwater.beat"
STATE: Final = """
    SELECT pg_current_wal_insert_lsn()::text, coalesce(last_archived_wal, ''), last_archived_time,
           coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false), current_setting('archive_mode'),
           pg_postmaster_start_time() > clock_timestamp() - interval '3 minutes'
    FROM pg_stat_archiver
"""
# The process that closes log files which are not full ("checkpointer") works out how long to sleep while the server still
# recovers, and forgets archive_timeout then: without a nudge it may sleep for as long as checkpoint_timeout.
WAKE: Final = "SELECT pg_reload_conf()"
# Checkpoints and the like write this much by themselves; what tenants commit takes more, or comes with more.
QUIET_BYTES: Final = 2000
MOST_MARKS: Final = 60
NOT_ARRIVING: Final = "The archive does not take the log. {} The server keeps it and tries again."
NO_ANSWER: Final = "Its storage does not answer."
ENDED: Final = "terminated on signal"  # by the clock of the command that archives
OFF: Final = "The server was started without an archive. Power it off and on once, and its log is archived."
GAP: Final = "A part of the log never reached the archive."


@dataclass(frozen=True)
class State:
    """What a server says of its log."""

    position: str
    archived: str  # the newest file that was handed over
    arrived_at: datetime | None
    failing: bool
    mode: str
    fresh: bool  # it was started a moment ago


def look(place: Place, file: Path, before: Mapping[str, Any], now: datetime) -> Look:
    """Mark the log where that is due and see what has arrived in the archive that pgBackRest's ``file`` leads to.

    Raises ArchiverError where the server does not answer, or the archive can't be looked into.
    """
    try:
        with platform_login(place) as connection:
            state, note = _marked(connection, before, now)
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None
    if state.mode == "off":
        return Look(before, problem=OFF)
    problem = _reason(place) if state.failing else ""
    last = number_of(state.archived)
    if last is None:
        return Look(note, problem=problem)
    marks: list[list[Any]] = note.get("marks", [])
    until = [moment for lsn, moment in marks if file_number(lsn) <= last]
    seen = int(note.get("seen") or last)
    broken = is_broken(file, seen, last)
    # A hole is told once: the file that the server handed over last may itself be one that was given up.
    note |= {"seen": max(seen, last + broken), "marks": [mark for mark in marks if file_number(mark[0]) > last]}
    if broken:
        return Look(note, arrived_at=state.arrived_at, missing=GAP, problem=problem)
    return Look(note, datetime.fromisoformat(until[-1]) if until else None, state.arrived_at, problem=problem)


def recovered_to(place: Place) -> datetime | None:
    """Return the last mark in a server; None for one that was never marked."""
    try:
        with platform_login(place) as connection:
            row = connection.execute(LAST_BEAT).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None
    return row[0] if row else None


def seal(place: Place, before: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]]:
    """Mark the log and close its file, so that it is archived now. Raises ArchiverError."""
    try:
        with platform_login(place) as connection:
            moment, note = _mark(connection, before)
            connection.execute("SELECT pg_switch_wal()")
            return moment, note
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None


def _marked(connection: Connection, before: Mapping[str, Any], now: datetime) -> tuple[State, dict[str, Any]]:
    """Read the server's state, and mark its log where that is due; return the note for the next look with it."""
    state = _state(connection)
    if state.fresh:
        connection.execute(WAKE)
    beaten_at, beaten = before.get("beaten_at"), int(before.get("beaten", 0))
    since = (now - datetime.fromisoformat(beaten_at)).total_seconds() if beaten_at else None
    changed = position(state.position) - beaten > QUIET_BYTES
    if state.mode == "off" or not beat_is_due(since_last=since, changed=changed):
        return state, dict(before)
    return state, _mark(connection, before)[1]


def _mark(connection: Connection, before: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]]:
    """Commit a mark and note where it ends."""
    moment = _beat(connection)
    end = position(_state(connection).position)
    marks = [*before.get("marks", []), [end, moment.isoformat()]][-MOST_MARKS:]
    return moment, {**before, "marks": marks, "beaten": end, "beaten_at": moment.isoformat()}


def _state(connection: Connection) -> State:
    row = connection.execute(STATE).fetchone()
    if row is None:
        raise ArchiverError("The server did not answer.")
    return State(*row)


def _reason(place: Place) -> str:
    """Say why the archive does not take the log, from what the newest try had to say."""
    words = last_words(place)
    return NOT_ARRIVING.format(NO_ANSWER if not words or ENDED in words else meaning(words))


def _beat(connection: Connection) -> datetime:
    """Commit a mark. It waits for no standby: one that is away must not hold the platform."""
    connection.execute("SET synchronous_commit = local")
    try:
        row = connection.execute(BEAT).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        row = connection.execute(BEAT).fetchone()
    if row is None:
        raise ArchiverError("The server did not answer.")
    moment: datetime = row[0]
    return moment
