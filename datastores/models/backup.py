"""The archive of a data store: its key, its backups, how far its log is archived, and what proved it."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import cast

from django.db import models
from django.utils import timezone

from console.encryption import EncryptedTextField
from datastores.models.operation import Operation
from datastores.models.store import DataStore
from datastores.retention import Kept, Window, window
from datastores.schedule import daily_second, next_daily


def soon() -> datetime:
    """Return when the first backup of a new archive is due: when the server has been made, as a rule."""
    return timezone.now() + timedelta(minutes=1)


def new_name() -> str:
    """Return the name of a new archive: a folder, or the beginning of names in a bucket."""
    return uuid.uuid4().hex


def new_key() -> str:
    """Return a new passphrase of 256 bits, from which the archiver's own cipher makes its keys."""
    return secrets.token_urlsafe(32)


class ArchiveQuerySet(models.QuerySet["Archive"]):
    """The questions that the schedule asks of archives."""

    def idle(self) -> ArchiveQuerySet:
        """Those of running stores on which no backup and no proof works."""
        working = Operation.objects.active().filter(background=True, store=models.OuterRef("store"))
        running = self.filter(store__state=DataStore.State.RUNNING, keep_until=None)
        return running.exclude(models.Exists(working))

    def due(self, now: datetime) -> ArchiveQuerySet:
        """Those whose next backup has come, longest overdue first."""
        return self.filter(next_backup_at__lte=now).order_by("next_backup_at")


_FromQuerySet = models.Manager.from_queryset(ArchiveQuerySet)


class ArchiveManager(_FromQuerySet["Archive"]):
    """Leaves the secrets in the database until they are asked for: a key that can't be read must not hide the page that says so."""

    def get_queryset(self) -> ArchiveQuerySet:
        """Leave them out."""
        return cast("ArchiveQuerySet", super().get_queryset().defer("key", "kept_password"))


class Archive(models.Model):
    """Where a store's backups and log are, and how far they reach. It outlives its store by some days."""

    store = models.OneToOneField(DataStore, on_delete=models.PROTECT, related_name="archive")
    name = models.CharField(max_length=32, unique=True, default=new_name, editable=False)
    in_bucket = models.BooleanField(default=False, help_text="It is in the bucket that the settings name, not here.")
    key = EncryptedTextField(default=new_key, help_text="Without it nothing in the archive can be read.")
    daily_at = models.PositiveIntegerField(default=0, help_text="Seconds into the day (UTC) of the daily backup.")
    next_backup_at = models.DateTimeField(null=True, blank=True, default=soon, db_index=True)
    archived_until = models.DateTimeField(null=True, blank=True, help_text="The last moment whose log is archived.")
    log_arrived_at = models.DateTimeField(null=True, blank=True, help_text="When the newest log file was archived.")
    unbroken_since = models.DateTimeField(null=True, blank=True, help_text="No log file is missing since then.")
    position = models.JSONField(default=dict, blank=True, help_text="The archiver's own notes about the log.")
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When the log was last looked at.")
    problem = models.CharField(max_length=200, blank=True, help_text="Why the log does not arrive, as a sentence.")
    problem_since = models.DateTimeField(null=True, blank=True)
    alarms = models.JSONField(default=list, blank=True, help_text="The alarms that were told and not yet taken back.")
    keep_until = models.DateTimeField(null=True, blank=True, help_text="Set when the store is deleted.")
    kept_password = EncryptedTextField(blank=True, default="", help_text="Of a deleted store, until its archive goes.")
    kept_port = models.PositiveIntegerField(null=True, blank=True, help_text="Of a deleted store's address.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ArchiveManager()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"the archive of {self.store}"

    @classmethod
    def of(cls, store: DataStore, *, in_bucket: bool = False) -> Archive:
        """Return the store's archive; made at first use, with its own time of the day. It stays where it began."""
        archive, made = cls.objects.get_or_create(store=store, defaults={"in_bucket": in_bucket})
        if made:
            archive.daily_at = daily_second(archive.pk)
            archive.save(update_fields=["daily_at"])
        return archive

    def plan_next(self, now: datetime) -> None:
        """Note the time of the next daily backup; the caller saves ``next_backup_at``."""
        self.next_backup_at = next_daily(now, self.daily_at)

    def kept(self) -> list[Kept]:
        """Return the backups that are in the archive, oldest first."""
        rows = self.backups.filter(state__in=Backup.THERE).order_by("finished_at")
        return [
            Kept(row.label, row.finished_at, damaged=row.state == Backup.State.DAMAGED)
            for row in rows.defer("manifest")
            if row.finished_at
        ]

    def reaches(self, moment: datetime) -> bool:
        """Whether the archive has everything of before."""
        return self.archived_until is not None and self.archived_until >= moment

    def window(self, now: datetime, history: timedelta) -> Window | None:
        """Return what can be restored to the second (see ``retention.window``)."""
        return window(
            self.kept(),
            now=now,
            history=history,
            archived_until=self.archived_until,
            unbroken_since=self.unbroken_since,
        )


class Backup(models.Model):
    """One backup: taken, or tried."""

    class State(models.TextChoices):
        COMPLETE = "complete", "Complete"
        DAMAGED = "damaged", "Damaged"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    THERE = ("complete", "damaged")  # still in the archive

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="backups")
    operation = models.ForeignKey(Operation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    label = models.CharField(max_length=80, blank=True, help_text="The archiver's own name of it.")
    state = models.CharField(max_length=10, choices=State)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True, help_text="The first moment that it can restore.")
    size_bytes = models.BigIntegerField(null=True, blank=True, help_text="Of the data that was backed up.")
    stored_bytes = models.BigIntegerField(null=True, blank=True, help_text="What it added to the archive.")
    sentence = models.CharField(max_length=300, blank=True)
    manifest = models.JSONField(default=dict, blank=True, help_text="What was counted right after the backup.")

    class Meta:
        ordering = ("-began_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["archive", "label"], condition=~models.Q(label=""), name="backup_label_once"
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"backup of {self.began_at:%Y-%m-%d %H:%M}"

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.finished_at - self.began_at).total_seconds() if self.finished_at else None

    @property
    def throughput(self) -> float | None:
        """Bytes of data per second."""
        return self.size_bytes / max(self.seconds, 0.1) if self.size_bytes and self.seconds is not None else None


class Proof(models.Model):
    """A restore that was made to see that it works, with what it found."""

    class State(models.TextChoices):
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="proofs")
    backup = models.ForeignKey(Backup, null=True, blank=True, on_delete=models.SET_NULL, related_name="proofs")
    operation = models.ForeignKey(Operation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(default=timezone.now)
    recovered_to = models.DateTimeField(null=True, blank=True, help_text="The last mark that was found in the copy.")
    restore_seconds = models.FloatField(null=True, blank=True, help_text="Until the copy answered.")
    tables = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ("-finished_at",)

    def __str__(self) -> str:
        return self.sentence
