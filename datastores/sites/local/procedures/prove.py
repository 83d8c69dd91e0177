"""Proving that a data store can be restored: by restoring it, beside the running one, and looking at the copy."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone

from console.templatetags.ui import duration
from console.templatetags.ui import size as in_words
from datastores.engines.registry import history_of
from datastores.models import Backup, Proof
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.retention import expired
from datastores.sites.local.archive import telling
from datastores.sites.local.archive.contract import ArchiverError, Comparison, Target
from datastores.sites.local.archive.errors import tells_of_damage
from datastores.sites.local.archive.rows import follow_catalogue
from datastores.sites.local.capacity import available_memory
from datastores.sites.local.engine import Place
from datastores.sites.local.nodes import sizing_of
from datastores.sites.local.procedures.archiving import ArchivingProcedure, WorkError, fraction, restored_so_far
from host.jobs import LOW_PRIORITY, Command, JobState
from host.waiting import wait_until

log = logging.getLogger(__name__)
COPY_PORT = 5432  # only in the name of a socket in a directory of its own
ROOM = 1.2  # a copy may grow by so much while its log is replayed
ANSWER_SECONDS = 3.0
SECOND_LOOK_SECONDS = 15  # after so long the source's statistics tell of everything that was committed before
REMEDY = "Make a new backup now and prove it. The data store itself is not affected."
LATER = "Prove it again once the archive's storage answers. Neither its backups nor the data store are affected."


class Prove(ArchivingProcedure):
    """Restore, replay, count, check, compare, close, check the files, conclude; then expire what is not needed any more."""

    kind = "prove"
    title: ClassVar[str] = "Prove that it can be restored"
    background = True
    first = "restore"
    time_limit: ClassVar[timedelta] = timedelta(hours=24)

    @property
    def copy(self) -> Place:
        """Where the copy is: nobody but the platform reaches it."""
        short = self.operation.pk.hex[:12]
        return Place(f"copy-{short}", self.workshop / "copy", self.machine.home.run / f"copy-{short}", COPY_PORT)

    @property
    def backup(self) -> Backup:
        """The backup that is proved."""
        return Backup.objects.get(pk=self.memo["backup"])

    @step("Restore a copy")
    def restore(self) -> Outcome:
        """Restore the newest backup beside the running server, at low priority."""
        backup = self.archive.backups.filter(state__in=Backup.THERE).defer("manifest").first()
        if backup is None:
            return Fail("There is no backup that could be proved.", "Make a backup first.")
        self.memo.setdefault("backup", backup.pk)
        self.memo.setdefault("began", time.time())
        size = backup.size_bytes or 0
        if "checked" not in self.memo and (refused := self._no_room(size)):
            return refused
        if "checked" not in self.memo and self.archive.archived_until:
            self.memo["until"] = self.archive.archived_until.isoformat()
        self.memo["checked"] = True
        target = Target(self.backup.label)
        try:
            wait = self.work(
                "restore",
                lambda: self.archiver.restore(self.copy, self.vault, target),
                lambda: f"{fraction(restored_so_far(self.copy.data), size)} of {in_words(size)} are restored.",
                niceness=LOW_PRIORITY,
                gives_way=True,
            )
        except (WorkError, ArchiverError) as error:
            return self._refused("The backup can't be restored.", str(error))
        if wait is None:
            self.engine.configure(self.copy, sizing_of(self.store))
        return wait or Goto("replay")

    @step("Replay the archived log")
    def replay(self) -> Outcome:
        """Serve the copy and let it replay the log up to the newest archived position."""
        server = self.job("server")
        if server.state() in {JobState.ABSENT, JobState.LOST}:
            server.start(self.archiver.serve_copy(self.copy), niceness=LOW_PRIORITY)
        try:
            replayed = wait_until(lambda: self.archiver.replayed(self.copy), ANSWER_SECONDS)
        except ArchiverError as error:
            return Fail(str(error), REMEDY)
        if not replayed:
            if server.state() is JobState.ENDED:
                return Fail(f"The restored copy does not start. {self.archiver.meaning(server.last_words())}", REMEDY)
            position = self.archiver.replay_position(self.copy)
            return Wait(1.0, f"The log is replayed up to {position}." if position else "The log is being replayed.")
        self.memo["seconds"] = time.time() - self.memo["began"]
        moment = self.archiver.recovered_to(self.copy)
        self.memo["recovered_to"] = moment.isoformat() if moment else None
        until = datetime.fromisoformat(self.memo["until"]) if "until" in self.memo else None
        if until and (moment is None or moment < until):
            reached = f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "the backup's own state"
            return Fail(
                f"The log could be replayed up to {reached} only, not to {until:%Y-%m-%d %H:%M:%S} UTC.", REMEDY
            )
        return Goto("count")

    @step("Count what the copy holds")
    def count(self) -> Outcome:
        """Count everything in the copy."""
        wait = self._check("count", lambda: self.archiver.count(self.copy), "Counting.")
        return wait or Goto("check")

    @step("Check what is stored")
    def check(self) -> Outcome:
        """Run the engine's own checks of what is stored."""
        wait = self._check("check", lambda: self.archiver.check_copy(self.copy), "Checking.")
        return wait or Goto("compare")

    @step("Compare with what was counted at the backup")
    def compare(self) -> Outcome:
        """Hold the copy against the manifest; what was written in between is allowed for."""
        try:
            found = self._compare()
        except ArchiverError:
            return Wait(5.0, "Waiting for the data store's server, whose figures are compared with.")
        if found.problems and "second_look" not in self.memo:
            self.memo["second_look"] = True
            return Wait(
                SECOND_LOOK_SECONDS, "Some figures differ. Looking again when the server has counted everything."
            )
        if found.problems:
            return Fail(f"The restored copy is not complete: {'; '.join(found.problems[:3])}.", REMEDY)
        self.memo |= {"tables": found.tables, "rows": found.rows}
        return Goto("close")

    @step("Shut the copy down")
    def close(self) -> Outcome:
        """Cleanly, so that its files can be checked."""
        server = self.job("server")
        self.archiver.stop_copy(self.copy)
        if not wait_until(lambda: server.state() is not JobState.RUNNING, ANSWER_SECONDS):
            return Wait(1.0, "The copy is shutting down.")
        return Goto("check_files")

    @step("Check every file")
    def check_files(self) -> Outcome:
        """Verify the checksums of all files, and that the backup's own can be restored where they are others."""
        wait = self._check("files", lambda: self.archiver.check_files(self.copy), "Verifying checksums.")
        return wait or self._check_backup() or Goto("conclude")

    @step("Write down what was proved")
    def conclude(self) -> Outcome:
        """Save the proof and delete the copy."""
        proof = Proof.objects.create(
            archive=self.archive,
            backup=self.backup,
            operation=self.operation,
            state=Proof.State.PASSED,
            began_at=self.operation.created_at,
            recovered_to=self.memo["recovered_to"],
            restore_seconds=self.memo["seconds"],
            tables=self.memo["tables"],
            rows=self.memo["rows"],
            sentence=self._sentence(),
        )
        self.memo["proof"] = proof.pk
        self.clear()
        return Goto("expire")

    @step("Remove what the plan does not keep")
    def expire(self) -> Outcome:
        """Remove backups that nothing promised needs any more (see ``retention.expired``), and their log."""
        kept = self.archive.kept()
        gone = expired(kept, now=timezone.now(), history=history_of(self.store))
        if gone:
            try:
                remaining = len(kept) - len(gone)
                wait = self.work(
                    "expire",
                    lambda: self.archiver.expire(self.place, remaining),
                    lambda: "Removing.",
                    niceness=LOW_PRIORITY,  # and it does not rest: log can't arrive while it has the archive to itself
                )
                if wait:
                    return wait
                follow_catalogue(self.archive, self.archiver.catalogue(self.place), None)
            except (WorkError, ArchiverError) as error:
                self.clear()
                return Done(f"{self._sentence()} Old backups could not be removed yet. {error}")
        self.clear()
        return Done(self._sentence())

    def failed(self, failure: Fail) -> None:
        """Save the failing proof, tell at once, and rely on the backup no longer."""
        self.clear()
        if "backup" not in self.memo or "proof" in self.memo:
            return
        backup = self.backup
        Proof.objects.create(
            archive=self.archive,
            backup=backup,
            operation=self.operation,
            state=Proof.State.FAILED,
            began_at=self.operation.created_at,
            sentence=failure.sentence,
        )
        if failure.remedy == REMEDY:
            backup.state, backup.sentence = Backup.State.DAMAGED, failure.sentence
            backup.save(update_fields=["state", "sentence"])
        telling.proof_failed(self.store, failure.sentence)

    def _no_room(self, size: int) -> Outcome | None:
        """Refuse where the disk or the memory has no room for a copy: the data stores that run come first."""
        if shutil.disk_usage(self.machine.home.scratch).free < size * ROOM:
            return Fail(
                f"The disk has no room for a copy of {in_words(size)}, so nothing could be proved.",
                "Free some space on the disk that holds the console's home directory.",
            )
        try:
            memory = self.archiver.memory_of_copy(self.place)
        except ArchiverError:
            return Wait(5.0, "Waiting for the data store's server, whose size the copy will have.")
        if memory and available_memory() < memory * ROOM:
            return Fail(
                f"The machine has no memory for a copy of {in_words(memory)}, so nothing could be proved.",
                "Power data stores off that nobody needs, or prove this one when there is more room.",
            )
        return None

    def _check(self, name: str, make: Callable[[], Command], waiting: str) -> Outcome | None:
        """Have a check done: None when it found nothing. A copy whose server is gone is served and checked again."""
        served = name != "files"
        if served and self.job("server").state() is not JobState.RUNNING:
            self.job(name).forget()
            return Goto("replay")
        try:
            return self.work(name, make, lambda: waiting, niceness=LOW_PRIORITY, gives_way=True)
        except (WorkError, ArchiverError):
            if served and self.job("server").state() is not JobState.RUNNING:
                self.job(name).forget()
                return Goto("replay")
            log.error("Check “%s” of a copy of %s failed: %s", name, self.store.pk, self.job(name).last_words())  # noqa: TRY400
            return Fail(f"The restored copy is damaged: “{self.label(self.operation.step)}” found errors.", REMEDY)

    def _check_backup(self) -> Outcome | None:
        waiting = "Restoring and checking the backup's own files."
        try:
            return self.work(
                "backup",
                lambda: self.archiver.check_backup(self.copy),
                lambda: waiting,
                niceness=LOW_PRIORITY,
                gives_way=True,
            )
        except WorkError as error:
            return self._refused("The backup's own files can't be restored, only newer ones.", str(error))

    def _refused(self, what: str, why: str) -> Fail:
        """Fail; an archive that could not be asked is not a damaged one."""
        return Fail(f"{what} {why}", REMEDY if tells_of_damage(why) else LATER)

    def _compare(self) -> Comparison:
        copy = self.archiver.counted(self.copy, self.job("count").output())
        return self.archiver.compare(self.backup.manifest, self.archiver.changes(self.place), copy)

    def _sentence(self) -> str:
        table, row = self.archiver.things
        tables, rows = self.memo["tables"], self.memo["rows"]
        moment = (self.memo["recovered_to"] or "")[:19].replace("T", " ")
        return (
            f"Proved restorable to {moment} UTC; restore took {duration(self.memo['seconds'])}; "
            f"{tables:,} {table}{'s' if tables != 1 else ''}, {rows:,} {row}{'s' if rows != 1 else ''} checked."
        )
