"""Marks in a PostgreSQL server's log, and what of the log has arrived in the archive.

A mark is a row with the time, committed like any other. When the log file with its commit is archived, everything that
was committed before that time can be restored: the window ends there, exactly. A restored server shows in the same row how far it came.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from datastores.schedule import beat_is_due
from datastores.sites.local.archive.contract import ArchiverError, Look
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive.pgbackrest import STANZA
from datastores.sites.local.postgresql.archive.segments import (
    PER_LOG,
    file_number,
    first_missing,
    number_of,
    part_of_name,
    position,
)
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
           coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false), current_setting('archive_mode')
    FROM pg_stat_archiver
"""
# Checkpoints and the like write this much by themselves; what tenants commit takes more, or comes with more.
QUIET_BYTES: Final = 2000
MOST_MARKS: Final = 60
NAME_LENGTH: Final = 24  # of a log file's name
NOT_ARRIVING: Final = "The archive does not take the log. The server keeps it and tries again."
OFF: Final = "The server was started without an archive. Power it off and on once, and its log is archived."
GAP: Final = "A part of the log never reached the archive."


def look(place: Place, vault: Vault, before: Mapping[str, Any], now: datetime) -> Look:
    """Mark the log where that is due and see what has arrived. Raises ArchiverError where the server does not answer."""
    try:
        with platform_login(place) as connection:
            return _look(connection, vault, before, now)
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None


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


def salvage(lost: Path, restored: Path, repository: Path) -> int:
    """Copy the log files of ``lost`` that the archive does not have to ``restored``; return how many."""
    there = {name for directory in (repository / "archive" / STANZA).glob("*/*/") for name in _names(directory)}
    copied = 0
    for file in sorted(lost.glob("[0-9A-F]*")):
        if len(file.name) == NAME_LENGTH and number_of(file.name) is not None and file.name not in there:
            shutil.copyfile(file, restored / file.name)
            copied += 1
    return copied


def _names(directory: Path) -> Iterator[str]:
    return (path.name[:NAME_LENGTH] for path in directory.iterdir() if path.name[NAME_LENGTH : NAME_LENGTH + 1] == "-")


def _look(connection: Connection, vault: Vault, before: Mapping[str, Any], now: datetime) -> Look:
    at, archived, arrived_at, failing, mode = _state(connection)
    if mode == "off":
        return Look(before, problem=OFF)
    beaten_at, beaten = before.get("beaten_at"), int(before.get("beaten", 0))
    since = (now - datetime.fromisoformat(beaten_at)).total_seconds() if beaten_at else None
    note = dict(before)
    if beat_is_due(since_last=since, changed=position(at) - beaten > QUIET_BYTES):
        _, note = _mark(connection, before)
    marks: list[list[Any]] = note.get("marks", [])
    last = number_of(archived)
    problem = NOT_ARRIVING if failing else ""
    if last is None:
        return Look(note, problem=problem)
    gap = _gap(vault, int(note.get("seen") or last), last)
    until = [moment for lsn, moment in marks if file_number(lsn) <= last]
    note |= {"seen": last, "marks": [mark for mark in marks if file_number(mark[0]) > last]}
    if gap:
        return Look(note, arrived_at=arrived_at, missing=GAP, problem=problem)
    return Look(note, datetime.fromisoformat(until[-1]) if until else None, arrived_at, problem=problem)


def seal(place: Place, before: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]]:
    """Mark the log and close its file, so that it is archived now. Raises ArchiverError."""
    try:
        with platform_login(place) as connection:
            moment, note = _mark(connection, before)
            connection.execute("SELECT pg_switch_wal()")
            return moment, note
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None


def _mark(connection: Connection, before: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]]:
    """Commit a mark and note where it ends."""
    moment = _beat(connection)
    end = position(_state(connection)[0])
    marks = [*before.get("marks", []), [end, moment.isoformat()]][-MOST_MARKS:]
    return moment, {**before, "marks": marks, "beaten": end, "beaten_at": moment.isoformat()}


def _state(connection: Connection) -> tuple[str, str, datetime | None, bool, str]:
    row = connection.execute(STATE).fetchone()
    if row is None:
        raise ArchiverError("The server did not answer.")
    return row[0], row[1], row[2], row[3], row[4]


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


def _gap(vault: Vault, seen: int, last: int) -> bool:
    """Say whether a file between the last one seen and the last one that the server handed over is not there.

    A server that had to give up log, because too much of it waited, believes that it was archived.
    """
    return first_missing(_numbers(vault.directory / "archive" / STANZA, seen, last), seen, last) is not None


def _numbers(archive: Path, first: int, last: int) -> set[int]:
    """Return the numbers of the log files of a folder, whatever their timeline, at least those between two.

    256 of them lie in a directory whose name says which, so that a long history costs nothing.
    """
    wanted = {part_of_name(log * PER_LOG)[:8] for log in range(first // PER_LOG, last // PER_LOG + 1)}
    found = set()
    for directory in archive.glob("*/*/"):
        if directory.name[8:16] in wanted:
            names = (path.name for path in directory.iterdir())
            found |= {number for name in names if "-" in name and (number := number_of(name)) is not None}
    return found
