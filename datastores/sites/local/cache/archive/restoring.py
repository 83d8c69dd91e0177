"""Restores a cache's files out of its archive: fetched by restic, put where they belong, cut at the moment."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from datastores.sites.local.archive.contract import ArchiverError, Stored, Target
from datastores.sites.local.archive.restic import Repository
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.cache.archive import cut, units
from datastores.sites.local.cache.archive.generations import WORK
from datastores.sites.local.cache.archive.units import Unit
from datastores.sites.local.cache.configuration import MADE_FILE, NOTE
from datastores.sites.local.cache.programs import program
from datastores.sites.local.engine import Place
from host.files import write_private
from host.jobs import Command

DIRECTORY: Final = "restore"  # below the node's configuration: which archive it is restored from
RECOVERED_FILE: Final = "recovered"  # up to when
CHOSEN_FILE: Final = "chosen.json"  # beside the archive's description: what of it was restored
BACKUP_COPY: Final = "backup"  # below a copy's directory
# What restic has brought is put where it belongs, then cut. What follows the eight words is the call of restic.
RESTORE: Final = """
    data=$1 etc=$2 checker=$3 script=$4 python=$5 file=$6 at=$7 moment=$8; shift 8
    "$@" || exit
    if [ -d "$data/logins" ]; then mkdir -p "$etc" && cp -p "$data"/logins/* "$etc/" && rm -r "$data/logins" || exit; fi
    exec "$python" -I "$script" --checker="$checker" --file="$file" --at="$at" ${moment:+--moment=$moment} \
        "$data/appendonlydir"
"""
# A copy's data, which nothing needs any more, make room. What follows the four words is a call of RESTORE.
CHECK: Final = """
    old=$1 new=$2 etc=$3 checker=$4; shift 4
    rm -rf "$old" "$new" "$etc" && sh -c "$@" || exit
    "$checker" "$new/appendonlydir/appendonly.aof.manifest" || { echo "the log is damaged" >&2; exit 1; }
    rm -rf "$new" "$etc"
"""


def restore(place: Place, vault: Vault, target: Target) -> Command:
    """Empty the data directory and return what restores into it. Raises ArchiverError."""
    repository = Repository.keep(place.configuration / DIRECTORY, vault)
    found = units.units(repository.snapshots(engine=units.ENGINE))
    backup = _labelled(found, target.label)
    unit = _chosen(found, backup, target)
    _note_chosen(place, unit, backup)
    shutil.rmtree(place.data, ignore_errors=True)
    (place.data / MADE_FILE).parent.mkdir(mode=0o700, parents=True)
    write_private(place.data / MADE_FILE, NOTE)
    moment = target.moment.replace(microsecond=0) if target.moment else None
    note(place, moment or unit.reach.until)
    return _fetch(repository, unit, (place.data, place.configuration), moment)


def check_backup(place: Place) -> Command:
    """Return what restores the proved backup itself and checks its files, where the copy was made of others.

    A copy is made of what reaches furthest, which as a rule is a copy of the primary's files. A backup's that were copied
    from a standby are none of these. Nothing of the copy is needed any more: the room is the backup's. Raises ArchiverError.
    """
    label = _noted_chosen(place).get("backup", "")
    if not label:
        return Command(["true"])
    repository = Repository(place.configuration / DIRECTORY)
    unit = _labelled(units.units(repository.snapshots(engine=units.ENGINE)), label)
    data, etc = place.directory / BACKUP_COPY / "data", place.directory / BACKUP_COPY / "etc"
    fetch = _fetch(repository, unit, (data, etc), None)
    words = (str(place.data), str(data), str(etc), str(program("valkey-check-aof")))
    return Command(["sh", "-c", CHECK, "check", *words, *fetch.arguments[2:]], fetch.environment)


def of_standby(place: Place) -> bool:
    """Say whether what was restored here are a standby's files."""
    return bool(_noted_chosen(place).get("source"))


def _fetch(repository: Repository, unit: Unit, where: tuple[Path, Path], moment: datetime | None) -> Command:
    """Return what brings a copy into a data directory and its logins into a directory of configuration."""
    fetched = repository.restore(unit.snapshot, unit.generation, where[0])
    cutting = (str(program("valkey-check-aof")), str(Path(cut.__file__)), sys.executable)
    reach = (unit.reach.file, str(unit.reach.at), str(int(moment.timestamp())) if moment else "")
    words = (*map(str, where), *cutting, *reach)
    return Command(["sh", "-c", RESTORE, "restore", *words, *fetched.arguments], fetched.environment)


def _note_chosen(place: Place, unit: Unit, backup: Unit) -> None:
    """Write down whose files are restored, and which backup has others than these."""
    own = backup.reach.source and backup.snapshot.id != unit.snapshot.id
    facts = {"source": unit.reach.source, "backup": backup.snapshot.label if own else ""}
    write_private(place.configuration / DIRECTORY / CHOSEN_FILE, json.dumps(facts))


def _noted_chosen(place: Place) -> dict[str, str]:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return dict(json.loads((place.configuration / DIRECTORY / CHOSEN_FILE).read_text()))
    return {}


def note(place: Place, moment: datetime) -> None:
    """Write down up to when everything is in the files, once they are complete."""
    write_private(work(place) / RECOVERED_FILE, moment.isoformat())


def noted(place: Place) -> datetime | None:
    """Return what was written down."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return datetime.fromisoformat((work(place) / RECOVERED_FILE).read_text())
    return None


def stored(repository: Repository) -> list[Stored]:
    """List a repository's complete backups, oldest first. Raises ArchiverError."""
    return [
        Stored(
            label=unit.snapshot.label,
            began=unit.snapshot.began or unit.snapshot.time,
            # What was written while it was copied may be in it: only the next second is certainly later.
            finished=datetime.fromtimestamp(int((unit.snapshot.finished or unit.snapshot.time).timestamp()) + 1, UTC),
            size_bytes=unit.snapshot.size_bytes,
            stored_bytes=unit.snapshot.stored_bytes,
        )
        for unit in units.units(repository.snapshots(engine=units.ENGINE))
        if unit.is_backup
    ]


def _labelled(found: list[Unit], label: str) -> Unit:
    """Return a backup by its label. Raises ArchiverError."""
    for unit in found:
        if unit.is_backup and unit.snapshot.label == label:
            return unit
    raise ArchiverError("The archive does not have that backup.")


def _chosen(found: list[Unit], backup: Unit, target: Target) -> Unit:
    """Return the copy to begin with. Raises ArchiverError."""
    if target.only_backup:
        return backup
    chosen = units.for_moment(found, target.moment) if target.moment else units.newest(found)
    if chosen is None:
        raise ArchiverError("The archive has no log of that moment.")
    return chosen


def work(place: Place) -> Path:
    """Return the node's directory for archiving."""
    directory = place.directory / WORK
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory
