"""Restoring from a folder and a key alone, in the foreground: for the day on which the console is lost too."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from datastores.limits import PlanFacts
from datastores.sites.local.archive.archivers import ARCHIVERS
from datastores.sites.local.archive.contract import Archiver, ArchiverError, Stored, Target
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import LocalEngine, Place, Sizing
from datastores.sites.local.engines import LOCAL_ENGINES
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
    settings.HOME.make()
    vault = Vault(archive, key)
    with tempfile.TemporaryDirectory(prefix="hw-") as sockets:  # a socket's path must be short
        place = Place(to.name, to, Path(sockets), port)
        place.configuration.mkdir(mode=0o700, parents=True)
        try:
            engine, archiver, listed = _recognise(place, vault)
            label = _choose(listed, moment)
            _run(archiver, archiver.restore(place, vault, Target(label, moment)))
        except ArchiverError as error:
            raise OfflineError(str(error)) from None
        ensure_certificate(place, Authority(settings.HOME))
        engine.configure(place, LARGEST)
        recovered = _replay(archiver, place)
    served = Place(to.name, to, to / "run", port)
    engine.configure(served, LARGEST)
    return Restored(label, recovered, list(engine.service(served).command))


def _recognise(place: Place, vault: Vault) -> tuple[LocalEngine, Archiver, list[Stored]]:
    """Find out which engine's archive it is, by asking each archiver for the backups in it."""
    for slug, archiver in ARCHIVERS.items():
        if archiver.installed() and (listed := archiver.listed(place, vault)):
            return LOCAL_ENGINES[slug], archiver, listed
    raise OfflineError(f"{vault.directory} is not the folder of an archive with a backup.")


def _choose(listed: list[Stored], moment: datetime | None) -> str:
    """Return the newest backup, or the newest before ``moment``."""
    usable = [stored for stored in listed if moment is None or stored.finished <= moment]
    if not usable:
        raise OfflineError("The archive has no backup from before that moment.")
    return usable[-1].label


def _run(archiver: Archiver, command: Command) -> None:
    ended = subprocess.run(
        command.arguments,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **command.environment},
        umask=0o077,
    )
    if ended.returncode != 0:
        raise OfflineError(archiver.meaning(ended.stdout + ended.stderr))


def _replay(archiver: Archiver, place: Place) -> datetime | None:
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
    except ArchiverError as error:
        raise OfflineError(str(error)) from None
    finally:
        job.forget()
    return recovered
