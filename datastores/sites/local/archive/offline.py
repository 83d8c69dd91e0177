"""Restoring from a folder and a key alone, in the foreground: for the day on which the console is lost too."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from datastores.limits import PlanFacts
from datastores.sites.local.archive.contract import ArchiverError, Target
from datastores.sites.local.archive.vault import Vault, vault_at
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.postgresql import LocalPostgreSQL
from datastores.sites.local.postgresql.archive import pgbackrest
from datastores.sites.local.postgresql.archive.archiver import PostgreSQLArchiver
from datastores.sites.local.postgresql.archive.pgbackrest import RESTORE_FILE
from datastores.sites.local.postgresql.programs import confined_server
from host.authority import Authority
from host.jobs import Command, Job, JobState
from host.waiting import wait_until

# The server must have at least as many slots as the one that was backed up: those of the largest plan.
LARGEST = Sizing(PlanFacts("premium", 16, 1), storage_gib=350, development=True)
REPLAY_SECONDS = 24 * 3600.0
STOP_SECONDS = 60.0


class OfflineError(Exception):
    """It could not be restored; the sentence says why."""


@dataclass(frozen=True)
class Restored:
    """What was restored, and the command that serves it."""

    label: str
    recovered_to: datetime | None
    command: list[str]


def restore(archive: Path, key: str, to: Path, port: int, moment: datetime | None) -> Restored:
    """Restore into a new directory and replay the log. Raises OfflineError; the archive is only read."""
    if to.exists():
        raise OfflineError(f"{to} exists already; nothing was changed.")
    vault = vault_at(archive, key, settings.HOME)
    if vault.bucket is None and not (archive / "backup").is_dir():
        raise OfflineError(f"{archive} is not the folder of an archive.")
    settings.HOME.make()
    archiver = PostgreSQLArchiver()
    with tempfile.TemporaryDirectory(prefix="hw-") as sockets:  # a socket's path must be short
        place = Place(to.name, to, Path(sockets), port)
        place.configuration.mkdir(mode=0o700, parents=True)
        label = _choose(place, vault, moment)
        _run(archiver.restore(place, vault, Target(label, moment)))
        ensure_certificate(place, Authority(settings.HOME))
        LocalPostgreSQL().configure(place, LARGEST)
        recovered = _replay(archiver, place)
    served = Place(to.name, to, to / "run", port)
    LocalPostgreSQL().configure(served, LARGEST)
    return Restored(label, recovered, confined_server(served))


def _choose(place: Place, vault: Vault, moment: datetime | None) -> str:
    """Return the newest backup, or the newest before ``moment``."""
    try:
        listed = pgbackrest.catalogue(pgbackrest.write_configuration(RESTORE_FILE, place, vault))
    except ArchiverError as error:
        raise OfflineError(str(error)) from None
    usable = [stored for stored in listed if moment is None or stored.finished <= moment]
    if not usable:
        raise OfflineError("The archive has no backup from before that moment.")
    return usable[-1].label


def _run(command: Command) -> None:
    ended = subprocess.run(
        command.arguments,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **command.environment},
        umask=0o077,
    )
    if ended.returncode != 0:
        raise OfflineError(pgbackrest.meaning(ended.stdout + ended.stderr))


def _replay(archiver: PostgreSQLArchiver, place: Place) -> datetime | None:
    """Serve it to this process alone until the log is replayed, then shut it down cleanly."""
    job = Job(place.directory / "replay")
    job.start(archiver.serve_copy(place))
    try:
        done = wait_until(lambda: archiver.replayed(place) or job.state() is not JobState.RUNNING, REPLAY_SECONDS)
        if not done or job.state() is not JobState.RUNNING:
            raise OfflineError("The restored server does not start; the archive may be damaged. Try an earlier moment.")
        recovered = archiver.recovered_to(place)
        archiver.settle(place)
        archiver.stop_copy(place)
        wait_until(lambda: job.state() is not JobState.RUNNING, STOP_SECONDS)
    finally:
        job.forget()
    return recovered
