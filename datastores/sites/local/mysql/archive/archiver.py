"""MySQL's archiving, put together: clones in a repository, the log of changes beside it, replay, counting and checks."""

from __future__ import annotations

import contextlib
import shlex
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import pymysql

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
from datastores.sites.local.binlogs import chain
from datastores.sites.local.binlogs.unpack import NOT_REACHED
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive import cloning, counting, log, marks, replaying, segments, shipping, sources
from datastores.sites.local.mysql.archive.client import call, in_turn, make_archiver, module
from datastores.sites.local.mysql.archive.keeping import DIRECTORY, RESTORE_DIRECTORY, folder_of, repository_of
from datastores.sites.local.mysql.configuration import PLUGINS, process_file
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.mysql.programs import confined_server, program
from host.jobs import Command
from host.processes import processes_below

CONFIGURATION_FILE: Final = "config"  # of a repository
# Nobody but the platform reaches a copy, and what it writes need not outlive the machine's power.
COPY_SETTINGS: Final = (
    "--skip-networking",
    "--admin-address=",
    "--tls-version=",
    "--ssl-ca=",
    "--ssl-cert=",
    "--ssl-key=",
    "--skip-log-bin",
    "--log-replica-updates=OFF",
    "--event-scheduler=OFF",
    "--innodb-buffer-pool-size=256M",  # whatever the plan's is: the machine has to hold it beside the running server's
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
)
OWN_MEANINGS: Final = (
    *(chain.DAMAGED, chain.LOST, chain.OTHER_WAY, NOT_REACHED),
    *(cloning.OTHER_PRIMARY, cloning.SILENT_STANDBY),
    *("Too many concurrent clone operations", "Can't connect to local MySQL server"),
)
CLONE_REFUSED: Final = "The server could not copy its files."
# A note says that a table of another engine can't be checked. The second gets the data directory and the program.
CHECK_TABLES: Final = (
    'found=$({check} 2>&1) && ! echo "$found" | grep -qiE "^(error|warning|status)" || {{ echo "$found"; exit 1; }}'
)
CHECK_FILES: Final = 'find "$1" -name "*.ibd" -o -name "ibdata*" -o -name "undo_*" | while IFS= read -r file; do "$2" "$file" || exit 1; done'


class MySQLArchiver(Archiver):
    """One repository and one folder of log per store; in a bucket the log is in the repository too (see ``shipping``)."""

    takes_buckets: ClassVar[bool] = True

    def installed(self) -> bool:
        """Say whether restic is."""
        return restic.installed()

    def configure(self, place: Place, vault: Vault, storage_gib: int) -> None:
        """Write down where the archive is; the first backup makes the repository. What can't be archived is bounded by
        the server's own settings: it drops log of a day ago, and earlier where the disk fills (see ``room``)."""
        Repository.keep(place.directory / DIRECTORY, vault)

    def archives(self, place: Place) -> bool:
        """Ask the server whether it logs changes."""
        return bool(_ask(place, "SELECT @@GLOBAL.log_bin")[0][0])

    def prepare(self, place: Place) -> None:
        """Make the repository where it is new, and the login and the plugin of backups."""
        repository_of(place).make()
        try:
            with administration(place) as session:
                there = {str(row[0]) for row in session.execute("SELECT plugin_name FROM information_schema.plugins")}
                if "clone" not in there:
                    session.execute(f"INSTALL PLUGIN clone SONAME '{PLUGINS['clone']}'")
                make_archiver(session)
        except (pymysql.Error, OSError):
            raise ArchiverError("The server did not answer.") from None

    def read_from(self, place: Place, standbys: Sequence[Place]) -> None:
        """See ``sources``."""
        sources.offer(place, standbys)

    def back_up(self, place: Place) -> Command:
        """See ``cloning``."""
        return cloning.back_up(place)

    def progress(self, place: Place) -> Progress | None:
        """See ``cloning``."""
        return cloning.progress(place)

    def catalogue(self, place: Place) -> list[Stored]:
        """Ask restic."""
        return cloning.catalogue(repository_of(place))

    def listed(self, place: Place, vault: Vault) -> list[Stored]:
        """Ask restic, where it is a repository of its."""
        if vault.bucket is None and not (vault.directory / CONFIGURATION_FILE).exists():
            return []
        repository = Repository.keep(place.directory / RESTORE_DIRECTORY, vault)
        return cloning.catalogue(repository) if repository.there() else []

    def expire(self, place: Place, keep: int) -> Command:
        """Keep the newest ``keep`` backups, and the log from the oldest of them on. Raises ArchiverError."""
        repository = repository_of(place)
        listed = repository.snapshots(kind=cloning.KIND)
        kept, gone = listed[-keep:], [*listed[:-keep], *repository.fragments()]
        log_file = min((cloning.first_log(snapshot) for snapshot in kept), default=0)
        if repository.in_bucket():
            found = segments.needless(segments.segments(repository.snapshots(kind=segments.KIND)), log_file)
            return repository.forget(*(each.id for each in gone), *(each.snapshot.id for each in found))
        thin = module("thin", str(folder_of(place).directory.parent), str(log_file))
        return in_turn(repository.forget(*(snapshot.id for snapshot in gone)), thin) if gone else thin

    def erase(self, vault: Vault, work: Path) -> None:
        """End what still copies log there, and have restic remove what it has in a bucket."""
        shipping.job_of(vault).end()
        Repository.keep(work, vault).erase()

    def count(self, place: Place) -> Command:
        """See ``counting``."""
        return counting.count(place)

    def counted(self, place: Place, output: str) -> dict[str, Any]:
        """See ``counting``."""
        return counting.counted(place, output)

    def changes(self, place: Place) -> dict[str, Any]:
        """Nothing: the log that a copy has replayed says what changed."""
        return {}

    def compare(self, manifest: Mapping[str, Any], changes: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
        """See ``counting``."""
        return counting.compare(manifest, copy)

    def restore(self, place: Place, vault: Vault, target: Target) -> Command:
        """See ``replaying``."""
        return replaying.restore(place, vault, target)

    def salvage(self, lost: Path, place: Place) -> int:
        """See ``replaying``."""
        return replaying.save_from(lost, place)

    def replayed(self, place: Place) -> bool:
        """See ``replaying``."""
        return replaying.replayed(place)

    def replay_position(self, place: Place) -> str:
        """See ``replaying``."""
        return replaying.position(place)

    def recovered_to(self, place: Place) -> datetime | None:
        """See ``marks``."""
        return marks.recovered_to(place)

    def settle(self, place: Place) -> None:
        """See ``replaying``."""
        replaying.settle(place)

    def serve_copy(self, place: Place) -> Command:
        """Serve it over its private socket alone."""
        return Command([*confined_server(place), *COPY_SETTINGS])

    def check_copy(self, place: Place) -> Command:
        """CHECK TABLE for every table of every database."""
        check = call(place, "mysqlcheck", "--check", "--all-databases", "--silent")
        return Command(["sh", "-c", CHECK_TABLES.format(check=shlex.join(check))])

    def stop_copy(self, place: Place) -> None:
        """Ask for a clean shutdown."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            server = int(process_file(place).read_text())
            for process in processes_below(place.data):
                if process.pid == server:
                    process.send(signal.SIGTERM)

    def check_files(self, place: Place) -> Command:
        """Verify the checksum of every page (innochecksum)."""
        return Command(["sh", "-c", CHECK_FILES, "check", str(place.data), str(program("innochecksum"))])

    def look(self, place: Place, vault: Vault, position: Mapping[str, Any], now: datetime) -> Look:
        """See ``log``."""
        return log.look(place, vault, position, now)

    def seal(self, place: Place, position: Mapping[str, Any]) -> tuple[datetime, Mapping[str, Any]]:
        """See ``log``."""
        return log.seal(place, position)

    def meaning(self, words: str) -> str:
        """Its own sentences are for people; what restic and the server say is translated."""
        own = next((sentence for sentence in OWN_MEANINGS if sentence in words), None)
        if own and own.endswith("."):
            return own
        if own or "ERROR 3" in words:
            return CLONE_REFUSED
        return restic.meaning(words)


def _ask(place: Place, query: str) -> list[tuple[object, ...]]:
    try:
        with administration(place) as session:
            return session.execute(query)
    except (pymysql.Error, OSError):
        raise ArchiverError("The server did not answer.") from None
