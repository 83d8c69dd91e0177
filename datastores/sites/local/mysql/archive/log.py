"""Marks in a MySQL server's log of changes, and that log's way into the archive.

A mark is a row with the time, committed like any other; then the server closes its file. When that file is in the archive,
everything that was committed before that time can be restored. What follows what is told by the names of transactions (GTIDs),
never by those of files: each node has files of its own, and a failover goes on with another node's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from datastores.schedule import beat_is_due
from datastores.sites.local.archive.contract import ArchiverError, Look
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.binlogs.events import BinlogError, previous
from datastores.sites.local.binlogs.folder import Folder, Header
from datastores.sites.local.binlogs.sealed import SealError
from datastores.sites.local.binlogs.transactions import NONE, Transactions
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive import marks
from datastores.sites.local.mysql.archive.keeping import folder_in, repository_of
from datastores.sites.local.mysql.archive.shipping import BATCH_BYTES, GAP, Way
from datastores.sites.local.mysql.following import executed
from datastores.sites.local.mysql.logins import Administration
from datastores.sites.local.mysql.part import Role, read_part

WORK_SECONDS: Final = 30.0  # how long one look archives; the rest is for the next one
NOT_ARRIVING: Final = "The archive does not take the log. The server keeps it for a day, and it is tried again."
HOLE: Final = "{many} never reached the archive."
GHOSTS: Final = "The archive has {many} that the server lost."
State = dict[str, Any]


def look(place: Place, vault: Vault, before: Mapping[str, Any], now: datetime) -> Look:
    """Mark the log where that is due, archive what is closed, and say how far the archive is. Raises ArchiverError."""
    if read_part(place).role != Role.PRIMARY:  # about to be; what it has applied by then says nothing yet
        return Look(before)
    folder, note = folder_in(vault), dict(before)
    if vault.bucket is None:
        return _take(place, folder, note, now)
    repository = repository_of(place)
    if not repository.made():
        if "number" not in note:  # the first backup makes it
            return Look(note)
        repository.make()  # another node has archived so far
    return _ship(place, Way(repository, folder, vault), folder, note, now)


def _ship(place: Place, way: Way, folder: Folder, note: State, now: datetime) -> Look:
    """Seal what is closed and new once the bucket has what was sealed before, and have it copied there."""
    found, taken = way.collect(note), Look(note)
    if way.is_busy():
        return found
    try:
        way.align(note)
        if not way.is_behind(note):
            taken = _take(place, folder, note, now, BATCH_BYTES)
        if way.is_behind(note):
            way.start(note)
    except OSError:
        taken = Look(note, problem=NOT_ARRIVING)
    except ArchiverError as error:  # the server, or the bucket that is asked for the newest file
        taken = Look(note, problem=str(error))
    missing, problem = found.missing or taken.missing, taken.problem or found.problem
    return replace(found, missing=missing, problem=problem)


def _take(place: Place, folder: Folder, note: State, now: datetime, most_bytes: int | None = None) -> Look:
    """Mark the log where that is due, and seal what is closed and new: with a limit, on its way into a bucket."""
    try:
        gone = most_bytes is None and _gone(folder, note)
        held = _held(folder, note)
        source = _ask(place, note, now, held)
    except OSError:
        return Look(note, problem=NOT_ARRIVING)
    source = replace(source, gone=gone or (held is None and bool(folder.numbers())))
    return _archive(place, folder, note, source, now, most_bytes)


def seal(place: Place, before: Mapping[str, Any]) -> tuple[datetime, State]:
    """Mark the log and close its file, so that the next look archives it. Raises ArchiverError."""
    note = dict(before)
    with marks.answering(place) as session:
        return _mark(session, note), note


@dataclass(frozen=True)
class _Source:
    """held   what the archive has; None where it has nothing yet
    there  what the server has committed
    purged  what it has and its log files do not: what it was copied with, and files that are removed
    names  its log files, oldest first; the last one is being written
    gone   a file of the archive is missing
    """

    held: Transactions | None
    there: Transactions
    purged: Transactions
    names: list[str]
    gone: bool = False


def _gone(folder: Folder, note: State) -> bool:
    """Say whether a file that was archived is not there any more. Each loss is told once."""
    there = set(folder.numbers())
    first = max(1, folder.first(), note.get("whole_from", 1))
    missing = [number for number in range(first, note.get("number", 0) + 1) if number not in there]
    if missing:
        note["whole_from"] = missing[-1] + 1
    return bool(missing)


def _held(folder: Folder, note: State) -> Transactions | None:
    """Return what the archive has; its newest file says so. None where it has nothing, or that file can't be opened: then
    it begins anew. Raises OSError."""
    numbers = folder.numbers()
    if not numbers:
        return None
    if numbers[-1] != note.get("number") or "held" not in note:
        note["number"] = max(numbers[-1], note.get("number", 0))
        try:
            note["held"] = str(folder.header(numbers[-1]).through)
        except (SealError, ValueError, KeyError):
            note.pop("held", None)
            return None
    return Transactions.parse(note["held"])


def _ask(place: Place, note: State, now: datetime, held: Transactions | None) -> _Source:
    """Mark the log where that is due, and look at what there is."""
    beaten_at = note.get("beaten_at")
    since = (now - datetime.fromisoformat(beaten_at)).total_seconds() if beaten_at else None
    with marks.answering(place) as session:
        there = Transactions.parse(executed(session))
        changed, lost = not there <= (held or NONE), bool((held or NONE) - there)
        if lost or beat_is_due(since_last=since, changed=changed):
            _mark(session, note)
            there = Transactions.parse(executed(session))
        names = [str(row[0]) for row in session.execute("SHOW BINARY LOGS")]
        purged = Transactions.parse(str(session.execute("SELECT @@GLOBAL.gtid_purged")[0][0]))
        return _Source(held, there, purged, names)


def _archive(place: Place, folder: Folder, note: State, source: _Source, now: datetime, most_bytes: int | None) -> Look:
    """Archive what is closed and new, for a while."""
    arrived = None
    try:
        files, hole = _new_files(place.data, source)
        ghosts = (source.held or NONE) - source.there
        missing = _missing(hole, ghosts, gone=source.gone)
        until, sealed = time.monotonic() + WORK_SECONDS, 0
        for index, (file, header) in enumerate(files):
            if time.monotonic() > until or (most_bytes is not None and sealed > most_bytes):
                return Look(note, arrived_at=arrived, missing=missing)
            mark = note.get("mark", "") if index == len(files) - 1 else ""
            _add(folder, note, file, replace(header, lacks=ghosts if index == 0 else NONE, until=mark))
            arrived, sealed = now, sealed + file.stat().st_size
    except (OSError, BinlogError):
        return Look(note, arrived_at=arrived, problem=NOT_ARRIVING)
    mark = note.pop("mark", None)
    return Look(note, datetime.fromisoformat(mark) if mark else None, arrived, missing)


def _new_files(data: Path, source: _Source) -> tuple[list[tuple[Path, Header]], Transactions]:
    """Return the closed files with something that the archive does not have, and what nobody has any more."""
    *closed, current = source.names
    after = previous(data / current) | source.purged
    # An archive begins with all that the server still has: a backup may be older than the first look.
    held = source.purged if source.held is None else source.held
    files: list[tuple[Path, Header]] = []
    for name in reversed(closed):
        before = previous(data / name) | source.purged
        if not after - before <= held:
            files.append((data / name, Header(before, after - before)))
        after = before
        if before <= held:
            break
    return files[::-1], NONE if source.held is None else after - held


def _add(folder: Folder, note: State, file: Path, header: Header) -> None:
    number = note.get("number", 0) + 1
    folder.add(number, header, file)
    note |= {"number": number, "held": str(header.through)}


def _missing(hole: Transactions, ghosts: Transactions, *, gone: bool) -> str:
    if hole:
        return HOLE.format(many=_many(hole))
    if ghosts:
        return GHOSTS.format(many=_many(ghosts).lower())
    return GAP if gone else ""


def _many(transactions: Transactions) -> str:
    count = transactions.count()
    return "One transaction" if count == 1 else f"{count:,} transactions"


def _mark(session: Administration, note: State) -> datetime:
    """Commit a mark, close the file that has it, and note it. Raises ArchiverError where it would wait for a standby."""
    moment = marks.mark(session)
    session.execute("FLUSH BINARY LOGS")
    note |= {"mark": moment.isoformat(), "beaten_at": moment.isoformat()}
    return moment
