"""A cache's archiving, put together: restic keeps copies of the append-only files, the server itself replays and checks them."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from datastores.sites.local.archive import restic
from datastores.sites.local.archive.contract import (
    Archiver,
    ArchiverError,
    Comparison,
    Look,
    Progress,
    Stored,
    Target,
)
from datastores.sites.local.archive.restic import Repository
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.cache.archive import counting, generations, restoring, salvaging, shipping, sparing, units
from datastores.sites.local.cache.archive.manifest import DIRECTORY, MANIFEST, parse
from datastores.sites.local.cache.archive.restoring import work
from datastores.sites.local.cache.archive.shipping import ARCHIVE_DIRECTORY, answering, log_job, repository_of
from datastores.sites.local.cache.archive.units import BACKUP
from datastores.sites.local.cache.configuration import PROCESS_FILE
from datastores.sites.local.cache.programs import confined_server, program
from datastores.sites.local.engine import Place
from host.jobs import Command, JobState
from host.processes import processes_below

PROGRESS_FILE: Final = "backup.json"
MOST_GONE: Final = 500  # copies of log that are let go at once
# Nobody but the platform reaches a copy. It keeps what it has: no key runs out or is given up, no log is written anew.
COPY_SETTINGS: Final = (
    ("--port", "0"),
    ("--tls-port", "0"),
    ("--tls-replication", "no"),
    ("--import-mode", "yes"),
    ("--maxmemory", "0"),
    ("--maxmemory-clients", "0"),
    ("--min-replicas-to-write", "0"),
    ("--auto-aof-rewrite-percentage", "0"),
    ("--appendfsync", "no"),
    ("--set-proc-title", "no"),  # a title would overwrite the mark by which a job's processes are found
)
# $1: where the progress goes, $2: the links to what is copied, which go with it. What follows is a call of restic.
BACK_UP: Final = 'progress=$1 copies=$2; shift 2; "$@" >"$progress"; code=$?; rm -rf "$copies"; exit "$code"'
MEANINGS: Final = (
    ("the log is cut off", "The log in the archive is shorter than it was when it was copied."),
    ("the log is damaged", "The log in the archive is damaged."),
    ("Bad file format", "The log in the archive is damaged."),
    ("Wrong signature trying to load DB", "The snapshot in the archive is damaged."),
    ("Short read or OOM loading DB", "The snapshot in the archive is damaged."),
    ("Out Of Memory", "The machine has no memory for it."),
    ("Cannot allocate memory", "The machine has no memory for it."),
)


class CacheArchiver(Archiver):
    """One encrypted repository per store: backups are copied from a standby where there is one, log from the primary."""

    things: ClassVar[tuple[str, str]] = ("database", "key")
    takes_buckets: ClassVar[bool] = True
    # A log that grows while it is read is read to its end: the slower, the longer it is. Clients don't wait for the disk.
    rests: ClassVar[bool] = False

    def installed(self) -> bool:
        """Say whether restic is."""
        return restic.installed()

    def configure(self, place: Place, vault: Vault, storage_gib: int) -> None:
        """Write where the archive is. What waits for it is bounded by itself (see ``generations``).

        A node that was the primary and is a standby now lets go of what it held.
        """
        del storage_gib
        Repository.keep(place.configuration / ARCHIVE_DIRECTORY, vault)
        if log_job(place).state() is not JobState.RUNNING:
            generations.release_all(place)

    def archives(self, place: Place) -> bool:
        """Ask the server whether it keeps append-only files, and have it note the seconds in them."""
        with answering(place) as platform:
            platform.ask("CONFIG", "SET", "aof-timestamp-enabled", "yes")
            return bool(int(platform.ask("INFO", "persistence")["aof_enabled"]))

    def prepare(self, place: Place) -> None:
        """Make the repository where it is new, and let copies of log go that later ones have replaced."""
        repository = repository_of(place)
        repository.make()
        gone = units.superseded(units.units(repository.snapshots(engine=units.ENGINE)))
        if gone and log_job(place).state() is not JobState.RUNNING:
            with contextlib.suppress(ArchiverError):  # the next backup tries again
                repository.answer(repository.command("forget", *(unit.snapshot.id for unit in gone[:MOST_GONE])))

    def read_from(self, place: Place, standbys: Sequence[Place]) -> None:
        """Write them down."""
        sparing.keep_standbys(place, standbys)

    def back_up(self, place: Place) -> Command:
        """Copy the newest snapshot and the log since then, of a standby that has everything. Raises ArchiverError."""
        sparing.forget_copies(place)
        with answering(place) as platform:
            measured = sparing.mark_standby(place, platform) or sparing.mark_primary(place, platform)
        copied = shipping.copy(place, measured.held, measured.reach(measured.held), BACKUP)
        places = (str(work(place) / PROGRESS_FILE), str(sparing.copies(place)))
        words = ["sh", "-c", BACK_UP, "back up", *places, *copied.arguments]
        return Command(words, copied.environment)

    def progress(self, place: Place) -> Progress | None:
        """Read what restic says."""
        with contextlib.suppress(FileNotFoundError):
            return restic.parse_progress((work(place) / PROGRESS_FILE).read_text())
        return None

    def catalogue(self, place: Place) -> list[Stored]:
        """Ask restic."""
        return restoring.stored(repository_of(place))

    def listed(self, place: Place, vault: Vault) -> list[Stored]:
        """Ask restic, where a repository of its is there."""
        if vault.bucket is None and not (vault.directory / "config").exists():
            return []
        repository = Repository.keep(place.configuration / restoring.DIRECTORY, vault)
        return restoring.stored(repository) if repository.there() else []

    def expire(self, place: Place, keep: int) -> Command:
        """Remove the other backups and the log of before the oldest kept one. Raises ArchiverError."""
        repository = repository_of(place)
        found = units.units(repository.snapshots(engine=units.ENGINE))
        gone = [*(unit.snapshot for unit in units.needless(found, keep)), *repository.fragments()]
        return repository.forget(*(snapshot.id for snapshot in gone))

    def erase(self, vault: Vault, work: Path) -> None:
        """Have restic remove what it has in a bucket."""
        Repository.keep(work, vault).erase()

    def count(self, place: Place) -> Command:
        """See ``counting``."""
        return counting.count(place)

    def counted(self, place: Place, output: str) -> dict[str, Any]:
        """See ``counting``."""
        del place
        return counting.counted(output)

    def changes(self, place: Place) -> dict[str, Any]:
        """See ``counting``."""
        with answering(place) as platform:
            return counting.counted_now(platform)

    def compare(self, manifest: Mapping[str, Any], changes: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
        """See ``counting``."""
        return counting.compare(manifest, changes, copy)

    def restore(self, place: Place, vault: Vault, target: Target) -> Command:
        """Empty the data directory, which must be nobody's, and restore into it. Raises ArchiverError."""
        return restoring.restore(place, vault, target)

    def salvage(self, lost: Path, place: Place) -> int:
        """Take over the commands that the lost node has written later, and its logins."""
        found, until = salvaging.salvage(lost, place, continues=not restoring.of_standby(place))
        if until:
            restoring.note(place, until)
        return found

    def replayed(self, place: Place) -> bool:
        """Ask the server whether it has read everything: until then it answers nothing else."""
        with contextlib.suppress(ArchiverError), answering(place) as platform:
            return not int(platform.ask("INFO", "persistence")["loading"])
        return False

    def replay_position(self, place: Place) -> str:
        """Return up to when the log was replayed; nothing while it is."""
        moment = self.recovered_to(place) if self.replayed(place) else None
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""

    def recovered_to(self, place: Place) -> datetime | None:
        """Return up to when everything is in a restored server: its log was seen to be as long as it was then."""
        return restoring.noted(place)

    def settle(self, place: Place) -> None:
        """Forget the archive that it was restored from, perhaps another store's."""
        shutil.rmtree(place.configuration / restoring.DIRECTORY, ignore_errors=True)

    def memory_of_copy(self, place: Place) -> int:
        """Return as much as the server takes itself: a cache is in memory."""
        with answering(place) as platform:
            return int(platform.ask("INFO", "memory")["used_memory_rss"])

    def serve_copy(self, place: Place) -> Command:
        """Serve it over its private socket alone."""
        return Command([*confined_server(place), *(word for pair in COPY_SETTINGS for word in pair)], {"LC_ALL": "C"})

    def check_copy(self, place: Place) -> Command:
        """Check the snapshot (valkey-check-rdb): every value is read, and the checksum over all of them."""
        manifest = parse((place.data / DIRECTORY / MANIFEST).read_text())
        return Command([str(program("valkey-check-rdb")), str(place.data / DIRECTORY / manifest.base)])

    def stop_copy(self, place: Place) -> None:
        """Ask for a clean end."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            server = int((place.data / PROCESS_FILE).read_text())
            for process in processes_below(place.data):
                if process.pid == server:
                    process.send(signal.SIGTERM)

    def check_files(self, place: Place) -> Command:
        """Check snapshot and log (valkey-check-aof)."""
        return Command([str(program("valkey-check-aof")), str(place.data / DIRECTORY / MANIFEST)])

    def check_backup(self, place: Place) -> Command:
        """See ``restoring.check_backup``."""
        return restoring.check_backup(place)

    def look(self, place: Place, vault: Vault, position: Mapping[str, Any], now: datetime) -> Look:
        """See ``shipping``."""
        del vault
        return shipping.look(place, position, now)

    def seal(self, place: Place, position: Mapping[str, Any]) -> tuple[datetime, Mapping[str, Any]]:
        """See ``shipping``."""
        return shipping.seal(place, position)

    def end(self, directory: Path) -> None:
        """See ``shipping``."""
        shipping.end(directory)

    def meaning(self, words: str) -> str:
        """Translate what restic, the script after it or the server said last."""
        return next((sentence for part, sentence in MEANINGS if part in words), None) or restic.meaning(words)
