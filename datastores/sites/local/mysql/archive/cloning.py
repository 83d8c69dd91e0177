"""A full backup: a server clones its own files into a scratch directory, and restic keeps the clone.

A clone is consistent, and the server goes on writing meanwhile. It needs as much room as the data until it is kept. With standbys
it is one of them (see ``sources``).
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pymysql
from pymysql.converters import escape_string

from datastores.sites.local.archive.contract import ArchiverError, Progress, Stored
from datastores.sites.local.archive.restic import Repository, Snapshot
from datastores.sites.local.binlogs.unpack import NOTE_FILE
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive import sources
from datastores.sites.local.mysql.archive.client import call
from datastores.sites.local.mysql.archive.keeping import next_log, repository_of
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.mysql.names import ARCHIVER
from datastores.sites.local.mysql.programs import temporary_directory
from datastores.sites.local.usage import used_bytes
from host.files import write_private
from host.jobs import Command
from host.waiting import wait_until

KIND: Final = "clone"  # what no other engine calls its backups
ROOM: Final = 1.1  # a clone takes what the data takes, and a little
END_SECONDS: Final = 5.0
# $1 is the clone's directory. A clone that was not kept is of no use. It is a good one whatever becomes of tidying.
SCRIPT: Final = (
    'committed() {{ {committed}\n}}\n{clone} && committed && cp {note} "$1/{name}" && cd "$1" && {keep}; code=$?; cd /; rm -rf "$1"; '
    '[ "$code" -ne 0 ] || {tidy} >&2; exit $code'
)
OTHER_PRIMARY: Final = "The primary changed, or did not answer, while a standby was copied."
SILENT_STANDBY: Final = "The standby that was copied did not answer any more."
# A standby has what its primary is about to commit, and never does where it dies: the clone is a good one when all of it is
# committed there, too.
COMMITTED: Final = """
    there=$({standby} "SELECT REPLACE(@@GLOBAL.gtid_executed, CHAR(10), '')") || {{ echo '{silence}' >&2; return 1; }}
    for try in $(seq 20); do
        left=$({primary} "SELECT GTID_SUBTRACT('$there', @@GLOBAL.gtid_executed)") && [ -z "$left" ] && return
        sleep 0.2
    done
    echo '{refusal}' >&2
    return 1
"""


def clone_directory(place: Place) -> Path:
    """Return where the server may put its clone."""
    return temporary_directory(place) / "clone"


def back_up(place: Place) -> Command:
    """Return what clones and keeps. What an earlier attempt left is removed first. Raises ArchiverError."""
    log = next_log(place)  # before the server is asked: what is in the archive is in the clone
    try:
        for standby in sources.offered(place):
            with contextlib.suppress(pymysql.Error, OSError):  # then it is not cloned either
                _tidy(standby)
        _tidy(place)
        source, there = sources.choose(place)
    except (pymysql.Error, OSError):
        raise ArchiverError("The server did not answer.") from None
    write_private(place.directory / NOTE_FILE, json.dumps({"executed": there, "log": log}))
    if shutil.disk_usage(source.directory).free < used_bytes(source.data) * ROOM:
        raise ArchiverError("The disk has no room for a copy of the data.")
    tags = {"kind": KIND, "began": str(int(time.time())), "log": str(log), "from": source.name}
    return _clone_and_keep(place, source, tags)


def _clone_and_keep(place: Place, source: Place, tags: dict[str, str]) -> Command:
    target, repository = clone_directory(source), repository_of(place)
    statement = f"CLONE LOCAL DATA DIRECTORY = '{escape_string(str(target))}'"
    keep = repository.back_up([Path()], tags)
    # A bucket gets a few small files with each piece of the log.
    tidy = repository.tidy().arguments if repository.in_bucket() else ["true"]
    script = SCRIPT.format(
        clone=shlex.join(call(source, "mysql", f"--execute={statement}")),
        committed=_committed(place, source) if source != place else ":",
        note=shlex.quote(str(place.directory / NOTE_FILE)),
        name=NOTE_FILE,
        keep=shlex.join(keep.arguments),
        tidy=shlex.join(tidy),
    )
    return Command(["sh", "-c", script, "clone", str(target)], keep.environment)


def _committed(primary: Place, standby: Place) -> str:
    calls = (["timeout", "5", *call(node, "mysql", "--batch", "--skip-column-names")] for node in (primary, standby))
    ask_primary, ask_standby = (f"{shlex.join(words)} --execute" for words in calls)
    return COMMITTED.format(primary=ask_primary, standby=ask_standby, refusal=OTHER_PRIMARY, silence=SILENT_STANDBY)


def progress(place: Place) -> Progress | None:
    """Say how far the clone is; the server makes up for its connection meanwhile."""
    source = next(iter(sources.offered(place)), place)
    with contextlib.suppress(pymysql.Error, OSError), administration(source, patience=0.0):
        pass
    target = clone_directory(source)
    if not target.exists() or (target / NOTE_FILE).exists():
        return None
    return Progress(used_bytes(target), used_bytes(source.data))


def catalogue(repository: Repository) -> list[Stored]:
    """List the backups, oldest first. Raises ArchiverError."""
    return [_stored(snapshot) for snapshot in repository.snapshots(kind=KIND)]


def first_log(snapshot: Snapshot) -> int:
    """Return the number of the first file of the log that a backup needs."""
    return int(snapshot.tags["log"])


def _stored(snapshot: Snapshot) -> Stored:
    ended = snapshot.finished or snapshot.time
    return Stored(
        label=snapshot.label,
        began=datetime.fromtimestamp(int(snapshot.tags["began"]), UTC),
        finished=ended.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1),
        size_bytes=snapshot.size_bytes,
        stored_bytes=snapshot.stored_bytes,
    )


def _tidy(place: Place) -> None:
    """Remove what a job that was killed has left in a server and beside its data. Others get in between the questions."""

    def is_over() -> bool:
        with administration(place, patience=END_SECONDS) as session:
            left = [row[0] for row in session.execute("SHOW PROCESSLIST") if row[1] == ARCHIVER]
            for number in left:
                with contextlib.suppress(pymysql.MySQLError):
                    session.execute(f"KILL {number}")
        return not left

    wait_until(is_over, END_SECONDS)
    shutil.rmtree(clone_directory(place), ignore_errors=True)
