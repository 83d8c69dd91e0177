"""PostgreSQL's archiving, put together: pgBackRest, marks in the log, counting, and copies that are only looked at."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg

from datastores.sites.local.archive.contract import (
    Archiver,
    ArchiverError,
    Comparison,
    Look,
    Progress,
    Stored,
    Target,
)
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.archive import counting, fetching, holdings, log, pgbackrest
from datastores.sites.local.postgresql.archive.pgbackrest import ARCHIVE_FILE, BACKUP_FILE, RESTORE_FILE
from datastores.sites.local.postgresql.logins import platform_login
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE
from datastores.sites.local.postgresql.programs import confined_server, program
from host.files import write_private
from host.jobs import Command
from host.processes import processes_below

# Nobody but the platform reaches a copy, and it writes nothing anywhere but in its own directory.
COPY_SETTINGS: Final = (
    "listen_addresses=",
    "ssl=off",
    "archive_mode=off",
    "synchronous_standby_names=",
    "shared_preload_libraries=",
    "autovacuum=off",
    "fsync=off",
)
START_SECONDS: Final = 4  # that a server which is about to start waits for its archive
REPLAY: Final = "SELECT coalesce(pg_last_xact_replay_timestamp()::timestamptz(0)::text, '')"


class PostgreSQLArchiver(Archiver):
    """One encrypted repository per store."""

    takes_buckets: ClassVar[bool] = True

    def installed(self) -> bool:
        """Say whether pgBackRest is."""
        return pgbackrest.installed()

    def configure(self, place: Place, vault: Vault, storage_gib: int) -> None:
        """Write the node's configuration of pgBackRest; describe the archive where it is new and can be reached."""
        queue = pgbackrest.queue_mib(storage_gib)
        file = pgbackrest.write_configuration(ARCHIVE_FILE, place, vault, queue=queue)
        with contextlib.suppress(ArchiverError):  # the store must come up all the same; the first backup tries again
            pgbackrest.make_stanza(file, START_SECONDS)

    def archives(self, place: Place) -> bool:
        """Ask the server whether it was started with an archive."""
        try:
            with platform_login(place) as connection:
                return connection.execute("SHOW archive_mode").fetchone() == ("on",)
        except psycopg.OperationalError:
            raise ArchiverError("The server did not answer.") from None

    def prepare(self, place: Place) -> None:
        """Describe the archive where it is new, and make the login that counts."""
        pgbackrest.make_stanza(_archive(place))
        counting.make_reader(place)

    def read_from(self, place: Place, standbys: Sequence[Place]) -> None:
        """Write a configuration of its own for backups: pgBackRest itself finds out which server is what."""
        pgbackrest.write_backup_configuration(place, standbys)

    def back_up(self, place: Place) -> Command:
        """Take a full backup, with page checksums verified on the way."""
        file = place.configuration / BACKUP_FILE
        return pgbackrest.command(file if file.exists() else _archive(place), "--type=full", "backup")

    def progress(self, place: Place) -> Progress | None:
        """Ask pgBackRest."""
        return pgbackrest.progress(_archive(place))

    def catalogue(self, place: Place) -> list[Stored]:
        """Ask pgBackRest."""
        return pgbackrest.catalogue(_archive(place))

    def listed(self, place: Place, vault: Vault) -> list[Stored]:
        """Ask pgBackRest, where its folders are there."""
        if vault.bucket is None and not (vault.directory / "backup").is_dir():
            return []
        return pgbackrest.catalogue(pgbackrest.write_configuration(RESTORE_FILE, place, vault))

    def expire(self, place: Place, keep: int) -> Command:
        """Keep the newest ``keep`` full backups and the log since the oldest of them."""
        return pgbackrest.command(
            _archive(place), f"--repo1-retention-full={keep}", f"--repo1-retention-archive={keep}", "expire"
        )

    def erase(self, vault: Vault, work: Path) -> None:
        """Have pgBackRest delete what it has in a bucket."""
        place = Place(vault.directory.name, work, work / "sockets", 0)
        pgbackrest.erase(pgbackrest.write_configuration(ARCHIVE_FILE, place, vault))

    def count(self, place: Place) -> Command:
        """See ``counting``."""
        return counting.count(place)

    def counted(self, place: Place, output: str) -> dict[str, Any]:
        """See ``counting``."""
        return counting.counted(place, output)

    def changes(self, place: Place) -> dict[str, Any]:
        """See ``counting``."""
        return counting.changes(place)

    def compare(self, manifest: Mapping[str, Any], changes: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
        """See ``counting``."""
        return counting.compare(manifest, changes, copy)

    def restore(self, place: Place, vault: Vault, target: Target) -> Command:
        """Empty the data directory, which must be nobody's, and restore into it."""
        shutil.rmtree(place.data, ignore_errors=True)
        place.data.mkdir(mode=0o700, parents=True)
        file = pgbackrest.write_configuration(RESTORE_FILE, place, vault)
        how = ["--type=default"]
        if target.only_backup:
            how = ["--type=immediate", "--target-action=promote"]
        elif target.moment:
            how = ["--type=time", f"--target={target.moment:%Y-%m-%d %H:%M:%S.%f+00}", "--target-action=promote"]
        how += fetching.recovery_options(place, vault, file)
        return pgbackrest.command(file, f"--set={target.label}", *how, "restore")

    def salvage(self, lost: Path, place: Place) -> int:
        """Copy the log files that the archive does not have. PostgreSQL replays them after those of the archive, as far
        as their checksums are right."""
        return holdings.salvage(lost / "pg_wal", place.data / "pg_wal", place.configuration / RESTORE_FILE)

    def replayed(self, place: Place) -> bool:
        """Ask the server whether it takes writes."""
        try:
            with platform_login(place) as connection:
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        except psycopg.OperationalError:
            return False

    def replay_position(self, place: Place) -> str:
        """Return the time of the last transaction that was replayed."""
        with contextlib.suppress(psycopg.OperationalError), platform_login(place) as connection:
            row = connection.execute(REPLAY).fetchone()
            return f"{str(row[0]).removesuffix('+00')} UTC" if row and row[0] else ""
        return ""

    def recovered_to(self, place: Place) -> datetime | None:
        """See ``log``."""
        return log.recovered_to(place)

    def settle(self, place: Place) -> None:
        """Forget where the server was restored from: a standby that is copied from it must not stop there."""
        write_private(place.data / "postgresql.auto.conf", "")
        (place.configuration / RESTORE_FILE).unlink(missing_ok=True)

    def serve_copy(self, place: Place) -> Command:
        """Serve it over its private socket alone."""
        changed = [word for setting in COPY_SETTINGS for word in ("-c", setting)]
        return Command(confined_server(place, *changed), {"LC_ALL": "C"})

    def check_copy(self, place: Place) -> Command:
        """Check every table and every B-tree index of every database (pg_amcheck)."""
        where = [f"--host={place.sockets}", f"--port={place.port}", f"--username={PLATFORM}"]
        first = f"--maintenance-db={PLATFORM_DATABASE}"
        return Command([str(program("pg_amcheck")), *where, first, "--all", "--install-missing", "--no-strict-names"])

    def stop_copy(self, place: Place) -> None:
        """Ask for a fast shutdown."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            server = int((place.data / "postmaster.pid").read_text().splitlines()[0])
            for process in processes_below(place.data):
                if process.pid == server:
                    process.send(signal.SIGINT)

    def check_files(self, place: Place) -> Command:
        """Verify the checksum of every page (pg_checksums)."""
        return Command([str(program("pg_checksums")), "--check", "-D", str(place.data)])

    def look(self, place: Place, vault: Vault, position: Mapping[str, Any], now: datetime) -> Look:
        """See ``log``."""
        return log.look(place, _archive(place), position, now)

    def seal(self, place: Place, position: Mapping[str, Any]) -> tuple[datetime, Mapping[str, Any]]:
        """See ``log``."""
        return log.seal(place, position)

    def meaning(self, words: str) -> str:
        """See ``pgbackrest``."""
        return pgbackrest.meaning(words)


def _archive(place: Place) -> Path:
    return place.configuration / ARCHIVE_FILE
