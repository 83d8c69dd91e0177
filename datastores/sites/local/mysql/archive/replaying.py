"""Restoring: the backup out of the repository, and the archived log as if a primary had sent it.

A restored server finds the log among its own files as the log that standbys keep of their primary (relay log), and applies it as a
standby does: in parallel, crash-safe, each transaction once and under its own name. Meanwhile its tenant's events are off. A
server that was cloned from a standby still knows that one's source; it never starts to follow it, and forgets it first.
"""

from __future__ import annotations

import json
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pymysql

from datastores.sites.local.archive.contract import ArchiverError, Target
from datastores.sites.local.archive.restic import Repository
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.binlogs.chain import INDEX_FILE, READY_FILE, RELAY, Chain, salvage
from datastores.sites.local.binlogs.folder import DIRECTORY as LOG
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.accounts import installation_statements
from datastores.sites.local.mysql.archive import segments, shipping
from datastores.sites.local.mysql.archive.client import in_turn, module
from datastores.sites.local.mysql.archive.cloning import first_log
from datastores.sites.local.mysql.archive.keeping import RESTORE_DIRECTORY
from datastores.sites.local.mysql.archive.marks import last_mark
from datastores.sites.local.mysql.configuration import (
    NO_REPLAY,
    REPLAY_FILE,
    REPLAY_STATEMENTS_FILE,
    replaying_settings,
)
from datastores.sites.local.mysql.databases import SYSTEM
from datastores.sites.local.mysql.events import enable_events, tell
from datastores.sites.local.mysql.following import executed, forget_source, missing
from datastores.sites.local.mysql.logins import Administration, administration
from host.files import write_private
from host.jobs import Command

ORDER_FILE: Final = "order.json"
CHAIN_FILE: Final = "replay.json"  # until the log is replayed
REPLAYED_FILE: Final = "replayed.json"  # afterwards
# No copy has the rows of tables in memory, so changes of them may find nothing.
IN_MEMORY: Final = (
    f"SELECT 1 FROM information_schema.tables WHERE engine = 'MEMORY' AND table_schema NOT IN {SYSTEM} LIMIT 1"  # noqa: S608 - fixed names
)
TOLERANT, STRICT = ("SET GLOBAL replica_exec_mode = IDEMPOTENT", "SET GLOBAL replica_exec_mode = STRICT")
SOURCE: Final = "archive"
BEGIN: Final = (
    f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{SOURCE}', RELAY_LOG_FILE = '{RELAY}.000001', RELAY_LOG_POS = 4"
)
APPLY: Final = "START REPLICA SQL_THREAD"


class ReplayError(ArchiverError):
    """A transaction of the archived log can't be applied."""


def restore(place: Place, vault: Vault, target: Target) -> Command:
    """Empty the data directory, which must be nobody's, restore into it, and put the log beside it."""
    _empty(place)
    repository = Repository.keep(place.directory / RESTORE_DIRECTORY, vault)
    fetched = _fetch_log(repository, vault, target) if vault.bucket and not target.only_backup else []
    order = {
        "archive": str(repository.directory if vault.bucket else vault.directory),
        "key": vault.key,
        "data": str(place.data),
        "moment": target.moment.isoformat() if target.moment else None,
        "only_backup": target.only_backup,
        "reply": str(repository.directory / CHAIN_FILE),
    }
    file = repository.directory / ORDER_FILE
    write_private(file, json.dumps(order))
    write_private(
        place.configuration / REPLAY_STATEMENTS_FILE, "".join(f"{each};\n" for each in installation_statements())
    )
    write_private(place.configuration / REPLAY_FILE, replaying_settings(place))
    snapshot = target.label.rpartition("-")[2]
    fetch = repository.command("restore", "--no-lock", snapshot, f"--target={place.data}")
    return _unpacked(in_turn(fetch, *fetched, module("unpack", str(file))), repository.directory / LOG)


def _empty(place: Place) -> None:
    for directory in (place.data, place.directory / RESTORE_DIRECTORY):
        shutil.rmtree(directory, ignore_errors=True)
    place.data.mkdir(mode=0o700, parents=True)
    place.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)


def _unpacked(work: Command, log: Path) -> Command:
    """Return that work, after which what was fetched of the log goes: it is beside the data by then."""
    script = f"{shlex.join(work.arguments)} || exit; rm -rf {shlex.quote(str(log))}"
    return Command(["sh", "-c", script], work.environment)


def _fetch_log(repository: Repository, vault: Vault, target: Target) -> list[Command]:
    """Return what fetches the log that a backup needs out of a bucket, to be beside the data. Raises ArchiverError."""
    listed = repository.snapshots()
    backup = next((each for each in listed if each.label == target.label), None)
    if backup is None:
        raise ArchiverError("The archive does not have that backup.")
    found, folder = segments.segments(listed), repository.directory / LOG
    folder.mkdir(mode=0o700)
    shipping.take_waiting(vault, found, folder)
    chosen = segments.wanted(found, first_log(backup), target.moment)
    return shipping.fetch(repository, chosen, folder)


def save_from(lost: Path, place: Place) -> int:
    """Add what a lost data directory has of the log and the archive does not; returns how many files."""
    chain = chain_of(place)
    if chain is None or chain.salvaged:
        return chain.salvaged if chain else 0
    before = chain.files
    chain.salvaged = salvage(lost, place.data, chain)
    if chain.files > before:
        chain.save(place.directory / RESTORE_DIRECTORY / CHAIN_FILE)
    return chain.salvaged


def replayed(place: Place) -> bool:
    """Go on with the replay; true when everything that is there was applied. Raises ReplayError."""
    try:
        with administration(place) as session:
            chain = chain_of(place)
            return chain is None or _go_on(place, session, chain)
    except (pymysql.Error, OSError):
        return False


def position(place: Place) -> str:
    """Return the time of the transaction that is being applied, or of the last one that was."""
    done = place.directory / REPLAYED_FILE
    if done.exists():
        return _words(Chain.load(done).last_commit)
    try:
        with administration(place) as session:
            behind = session.row("SHOW REPLICA STATUS").get("Seconds_Behind_Source")
    except (pymysql.Error, OSError):
        return ""
    return f"{datetime.now(UTC) - timedelta(seconds=int(str(behind))):%Y-%m-%d %H:%M:%S} UTC" if behind else ""


def settle(place: Place) -> None:
    """Forget where the server was restored from, and switch on its tenant's events but those that were off."""
    directory = place.directory / RESTORE_DIRECTORY
    if not directory.exists():
        return
    mark = last_mark(place)
    tell(place, mark[1] if mark else [])
    with administration(place) as session:
        forget_source(session)
        enable_events(place, session)
        session.execute(STRICT)
        session.execute("SET GLOBAL event_scheduler = ON")
    write_private(place.configuration / REPLAY_FILE, NO_REPLAY)
    if (directory / CHAIN_FILE).exists():
        (directory / CHAIN_FILE).rename(place.directory / REPLAYED_FILE)
    shutil.rmtree(directory)


def chain_of(place: Place) -> Chain | None:
    """Return what a restored node has to replay; None for any other node."""
    try:
        return Chain.load(place.directory / RESTORE_DIRECTORY / CHAIN_FILE)
    except FileNotFoundError:
        return None


def _go_on(place: Place, session: Administration, chain: Chain) -> bool:
    """Begin or carry on; what was applied is looked at first, since then nothing need be begun."""
    if not missing(session, str(chain.have), executed(session)):
        return True
    status = session.row("SHOW REPLICA STATUS")
    if status.get("Source_Host") != SOURCE:
        _begin(place, session)
    elif status["Last_SQL_Errno"]:
        raise ReplayError(
            f"A transaction of the archived log can't be applied: MySQL error {status['Last_SQL_Errno']}."
        )
    elif status["Replica_SQL_Running"] == "Yes":
        return False
    session.execute(TOLERANT if session.execute(IN_MEMORY) else STRICT)
    session.execute(APPLY)
    return False


def _begin(place: Place, session: Administration) -> None:
    """Have the server take the files of the log for what its source has sent. What a standby knew of its own source goes
    first, and would take them along."""
    ready = place.data / READY_FILE
    if ready.exists():
        forget_source(session)
        ready.rename(place.data / INDEX_FILE)
    session.execute(BEGIN)


def _words(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC" if microseconds else ""
