"""Restores a cache's files out of its archive: fetched by restic, put where they belong, cut at the moment."""

from __future__ import annotations

import contextlib
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
# What restic has brought is put where it belongs, then cut. What follows the eight words is the call of restic.
RESTORE: Final = """
    data=$1 etc=$2 checker=$3 script=$4 python=$5 file=$6 at=$7 moment=$8; shift 8
    "$@" || exit
    if [ -d "$data/logins" ]; then mkdir -p "$etc" && cp -p "$data"/logins/* "$etc/" && rm -r "$data/logins" || exit; fi
    exec "$python" -I "$script" --checker="$checker" --file="$file" --at="$at" ${moment:+--moment=$moment} \
        "$data/appendonlydir"
"""


def restore(place: Place, vault: Vault, target: Target) -> Command:
    """Empty the data directory and return what restores into it. Raises ArchiverError."""
    repository = Repository.keep(place.configuration / DIRECTORY, vault)
    unit = _chosen(units.units(repository.snapshots(engine=units.ENGINE)), target)
    shutil.rmtree(place.data, ignore_errors=True)
    (place.data / MADE_FILE).parent.mkdir(mode=0o700, parents=True)
    write_private(place.data / MADE_FILE, NOTE)
    moment = target.moment.replace(microsecond=0) if target.moment else None
    note(place, moment or unit.reach.until)
    fetched = repository.restore(unit.snapshot, unit.generation, place.data)
    cutting = (str(program("valkey-check-aof")), str(Path(cut.__file__)), sys.executable)
    reach = (unit.reach.file, str(unit.reach.at), str(int(moment.timestamp())) if moment else "")
    where = (str(place.data), str(place.configuration))
    return Command(["sh", "-c", RESTORE, "restore", *where, *cutting, *reach, *fetched.arguments], fetched.environment)


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


def _chosen(found: list[Unit], target: Target) -> Unit:
    """Return the copy to begin with. Raises ArchiverError."""
    labelled = next((unit for unit in found if unit.is_backup and unit.snapshot.label == target.label), None)
    if labelled is None:
        raise ArchiverError("The archive does not have that backup.")
    if target.only_backup:
        return labelled
    chosen = units.for_moment(found, target.moment) if target.moment else units.newest(found)
    if chosen is None:
        raise ArchiverError("The archive has no log of that moment.")
    return chosen


def work(place: Place) -> Path:
    """Return the node's directory for archiving."""
    directory = place.directory / WORK
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory
