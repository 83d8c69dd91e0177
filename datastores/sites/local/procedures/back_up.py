"""Backing up a data store while it goes on working."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone

from console.templatetags.ui import size as in_words
from datastores.models import Archive, Backup, DataStore, Node
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.schedule import RETRY_AFTER
from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.archive.rows import follow_catalogue
from datastores.sites.local.archive.watching import look_at, seal
from datastores.sites.local.procedures.archiving import ArchivingProcedure, WorkError, fraction
from host.jobs import LOW_PRIORITY, Command

SEAL_SECONDS = 120  # how long the log may take to arrive after a backup
TRY_AGAIN = "It is tried again in 15 minutes. Earlier backups are not affected."


class BackUp(ArchivingProcedure):
    """Prepare, copy, note, count, seal. The store's own state is never touched."""

    kind = "back_up"
    title: ClassVar[str] = "Back up"
    background = True
    first = "prepare"
    time_limit: ClassVar[timedelta] = timedelta(hours=12)

    @step("Prepare the archive")
    def prepare(self) -> Outcome:
        """Look at the server and at the archive before anything is copied."""
        if self.store.state != DataStore.State.RUNNING:
            return Fail("The data store is not running, so nothing was backed up.", TRY_AGAIN)
        try:
            if not self.archiver.archives(self.place):
                return Fail(
                    "The server was started before it had an archive, so nothing was backed up.",
                    "Power the data store off and on once; backups begin by themselves.",
                )
            self.archiver.prepare(self.place)
        except ArchiverError as error:
            return Fail(f"Nothing was backed up. {error}", TRY_AGAIN)
        return Goto("copy")

    @step("Copy the data, encrypted")
    def copy(self) -> Outcome:
        """Copy everything into the archive. Earlier backups are not touched."""
        try:
            rests = self.archiver.rests
            wait = self.work("backup", self._command, self._progress, niceness=LOW_PRIORITY, gives_way=rests)
        except WorkError as error:
            return Fail(f"The backup was not completed. {error}", TRY_AGAIN)
        return wait or Goto("note")

    @step("Note what is in the archive")
    def note(self) -> Outcome:
        """Give every backup that the archive lists a row."""
        try:
            listed = self.archiver.catalogue(self.place)
        except ArchiverError as error:
            return Fail(f"The archive could not be read after the backup. {error}", TRY_AGAIN)
        newest = follow_catalogue(self.archive, listed, self.operation)
        if newest is None or newest.operation_id != self.operation.pk:
            return Fail("The archive does not list the backup that was just made.", TRY_AGAIN)
        self.memo["backup"] = newest.pk
        return Goto("count")

    @step("Count what there is")
    def count(self) -> Outcome:
        """Note how much there is, so that a proof can count it again."""
        try:
            waiting = "Counting, to be compared with a restored copy."
            wait = self.work("count", lambda: self.archiver.count(self.place), lambda: waiting, niceness=LOW_PRIORITY)
            if wait:
                return wait
            manifest = self.archiver.counted(self.place, self.job("count").output())
        except (WorkError, ArchiverError):
            manifest = {}  # the backup is good all the same; its proof says that nothing could be compared
        Backup.objects.filter(pk=self.memo["backup"]).update(manifest=manifest)
        return Goto("seal")

    @step("Archive the log up to here")
    def seal(self) -> Outcome:
        """Mark the log and wait until the mark has arrived: from here on the store can be restored to the second."""
        archive = Archive.objects.select_for_update().get(pk=self.archive.pk)
        if "sealed" not in self.memo:
            return self._mark(archive)
        sealed, seen = datetime.fromisoformat(self.memo["sealed"]), look_at(self.store, self.archiver)
        if seen and seen.archived_until and seen.reaches(sealed):
            return self._end(f"Every second up to {seen.archived_until:%H:%M:%S} UTC can be restored.")
        if timezone.now() - sealed < timedelta(seconds=SEAL_SECONDS):
            return Wait(0.5, "Waiting for the newest part of the log to arrive in the archive.")
        return self._end("Its log has not arrived yet, so only the state of the backup can be restored.")

    def _mark(self, archive: Archive) -> Outcome:
        finished = Backup.objects.values_list("finished_at", flat=True).get(pk=self.memo["backup"])
        early = (finished - timezone.now()).total_seconds() if finished else 0.0
        if early > 0:  # the backup's end is known in whole seconds, and the mark must be later
            return Wait(early, "The log is marked when the backup has certainly ended.")
        try:
            self.memo["sealed"] = seal(archive, self.archiver, self.place).isoformat()
        except ArchiverError as error:
            return self._end(f"Its log could not be marked: {error}")
        return Wait(0.2, "Waiting for the newest part of the log to arrive in the archive.")

    def _end(self, words: str) -> Outcome:
        backup = Backup.objects.defer("manifest").get(pk=self.memo["backup"])
        archive = self.archive
        archive.plan_next(timezone.now())
        archive.save(update_fields=["next_backup_at"])
        self.clear()
        return Done(f"{in_words(backup.size_bytes)} are backed up, as {in_words(backup.stored_bytes)}. {words}")

    def failed(self, failure: Fail) -> None:
        """Keep the attempt in the history, and try again soon."""
        self.clear()
        now = timezone.now()
        if "backup" not in self.memo:
            Backup.objects.create(
                archive=self.archive,
                operation=self.operation,
                state=Backup.State.FAILED,
                began_at=self.operation.created_at,
                finished_at=now,
                sentence=failure.sentence,
            )
        Archive.objects.filter(pk=self.archive.pk).update(next_backup_at=now + RETRY_AFTER)

    def _command(self) -> Command:
        """Spare the primary where there is a standby."""
        standbys = self.store.nodes.filter(role=Node.Role.STANDBY, state=Node.State.UP).exclude(port=None)
        self.archiver.read_from(self.place, [self.place_at(node) for node in standbys.order_by("number")])
        return self.archiver.back_up(self.place)

    def _progress(self) -> str:
        try:
            progress = self.archiver.progress(self.place)
        except ArchiverError:
            progress = None
        if progress is None:
            return "The data is being copied."
        share = fraction(progress.done, progress.total)
        return f"{in_words(progress.done)} of {in_words(progress.total)} are copied ({share})."
