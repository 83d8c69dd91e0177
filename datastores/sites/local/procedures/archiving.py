"""What backing up, proving and restoring share: the store's archive, and work that runs by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

from django.utils import timezone

from console.errors import Refusal
from console.templatetags.ui import duration
from datastores.models import Archive
from datastores.operations.outcomes import Wait
from datastores.schedule import LATE
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.contract import Archiver, ArchiverError
from datastores.sites.local.archive.vault import Vault, vault_of
from datastores.sites.local.archive.watching import discard
from datastores.sites.local.procedures.base import LocalProcedure
from datastores.sites.local.usage import used_bytes
from host.jobs import Command, Job, JobState
from host.waiting import wait_until

WATCH_SECONDS = 1.5  # how long a step itself watches work that may end soon; after that the operation waits
PAUSE_SECONDS = 1.0
LEAST_SECONDS = 2.0  # before a speed is worth telling
NO_ARCHIVER = "Data stores of this type can't be backed up on this machine."


class WorkError(Exception):
    """Work ended badly; the sentence is for people."""


class ArchivingProcedure(LocalProcedure):
    """A procedure with a store's archive."""

    @cached_property
    def archiver(self) -> Archiver:
        """The engine's archiving. Raises Refusal where there is none."""
        archiver = archiver_of(self.store)
        if archiver is None:
            raise Refusal(NO_ARCHIVER, "Ask an operator to install the archiver's program.")
        return archiver

    @cached_property
    def archive(self) -> Archive:
        """The store's own archive."""
        return Archive.of(self.store)

    @property
    def vault(self) -> Vault:
        """Where the store's own archive is."""
        return vault_of(self.archive, self.machine.home)

    @property
    def workshop(self) -> Path:
        """The directory of this operation's work, deleted at its end."""
        return self.machine.home.scratch / self.operation.pk.hex

    def job(self, name: str) -> Job:
        """Work of this operation, by name."""
        return Job(self.workshop / "jobs" / name)

    def work(
        self,
        name: str,
        make: Callable[[], Command],
        waiting: Callable[[], str],
        *,
        niceness: int,
        gives_way: bool = False,
    ) -> Wait | None:
        """Have work done that is done once: None when it has ended well, else a wait. Raises WorkError.

        ``gives_way``: see ``Job.start``. Not while backups are late: they would fall behind further and further.

        Work that was lost, as by a restart of the machine, begins anew: ``make`` must prepare for that.
        """
        job = self.job(name)
        if job.state() in {JobState.ABSENT, JobState.LOST}:
            try:
                command = make()
            except ArchiverError as error:
                raise WorkError(str(error)) from None
            job.start(command, niceness=niceness, gives_way=gives_way and not self._backups_are_late())
        wait_until(lambda: job.state() is not JobState.RUNNING, WATCH_SECONDS)
        if job.state() is not JobState.ENDED:
            return Wait(PAUSE_SECONDS, waiting())
        if job.code != 0:
            raise WorkError(self.archiver.meaning(job.last_words()))
        return None

    def _backups_are_late(self) -> bool:
        return Archive.objects.idle().due(timezone.now() - LATE).exists()

    def clear(self) -> None:
        """End what still runs of this operation's work, and delete it."""
        discard(self.machine, self.operation.pk.hex)


def fraction(done: int, total: int) -> str:
    """Return a share in words, such as "42 %"; never more than all."""
    return f"{min(100, 100 * done // max(total, 1))} %"


def restored_so_far(data: Path) -> int:
    """Return how much lies in a data directory that is being restored, in bytes."""
    return used_bytes(data)


def remaining_words(done: int, size: int, began: datetime) -> str:
    """Return how long the rest takes at the speed so far; nothing while too little is known."""
    seconds = (timezone.now() - began).total_seconds()
    if seconds < LEAST_SECONDS or done < size // 50:
        return ""
    return f" About {duration(max(0, size - done) * seconds / max(done, 1))} are left at this speed."
