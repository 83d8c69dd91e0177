"""Backing up and proving: asked for by a person, or because it is time."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from console.audit import PLATFORM, Actor, record
from console.errors import Refusal
from datastores.models import Archive, Backup, DataStore, Operation, Proof
from datastores.models.backup import ArchiveQuerySet
from datastores.operations.opening import open_operation
from datastores.schedule import DAY_SECONDS
from datastores.sites.registry import driver_of

State = DataStore.State
BUSY = "A backup or a proof of this data store is under way already."


@transaction.atomic
def back_up(*, actor: Actor, store: DataStore) -> Operation:
    """Take a full backup now; clients notice nothing. Raises :class:`Refusal` unless the store runs."""
    store = DataStore.objects.locked(store)
    if not driver_of(store).backs_up(store):
        raise Refusal("Data stores of this type are not backed up yet.", "Take a dump with the engine's own tools.")
    if store.state != State.RUNNING:
        raise Refusal(f"{store} can't be backed up now: it is not running.", "Power it on, then try again.")
    Archive.of(store)
    operation = _open("back_up", store, actor)
    record("store.back_up", actor=actor, organization=store.organization, subject=store)
    return operation


@transaction.atomic
def prove(*, actor: Actor, store: DataStore) -> Operation:
    """Restore the newest backup beside the running server and check the copy. Raises :class:`Refusal`."""
    store = DataStore.objects.locked(store)
    if not Backup.objects.filter(archive__store=store, state__in=Backup.THERE).exists():
        raise Refusal(f"{store} has no backup that could be proved.", "Make a backup first.")
    if store.state != State.RUNNING:
        raise Refusal(f"{store} can't be proved now: it is not running.", "Power it on, then try again.")
    operation = _open("prove", store, actor)
    record("store.prove", actor=actor, organization=store.organization, subject=store)
    return operation


@transaction.atomic
def set_backup_time(*, actor: Actor, store: DataStore, second: int) -> None:
    """Move the daily backup to another second of the day (UTC)."""
    if not 0 <= second < DAY_SECONDS:
        raise ValueError(f"a day has no second {second}")
    archive = Archive.of(store)
    archive.daily_at = second
    archive.plan_next(timezone.now())
    archive.save(update_fields=["daily_at", "next_backup_at"])
    at = f"{second // 3600:02d}:{second % 3600 // 60:02d} UTC"
    record("store.backup_time_changed", actor=actor, organization=store.organization, subject=store, time=at)


def open_due() -> int:
    """Open what is due, backups before proofs, as far as so many may run at once; returns how many were opened."""
    free = settings.BACKUPS_AT_ONCE - Operation.objects.active().filter(background=True).count()
    opened = 0
    if free <= 0:
        return 0
    for kind, archives in (("back_up", _ready().due(timezone.now())), ("prove", _unproved())):
        for archive in archives[: free - opened]:
            try:
                with transaction.atomic():
                    _open(kind, archive.store, PLATFORM)
            except Refusal:  # somebody was faster
                continue
            opened += 1
    return opened


def _open(kind: str, store: DataStore, actor: Actor) -> Operation:
    try:
        return open_operation(kind, store=store, requested_by=actor.name)
    except Refusal:
        raise Refusal(BUSY, "Wait until it is finished, then try again.") from None


def _ready() -> ArchiveQuerySet:
    return Archive.objects.idle().select_related("store__region__site")


def _unproved() -> list[Archive]:
    """Return the archives whose newest backup nobody has tried to restore yet, oldest backup first.

    Two queries: of the few backups without a proof alone it is asked which are their archives' newest.
    """
    there = Backup.objects.filter(state__in=Backup.THERE)
    newer = there.filter(archive=OuterRef("archive"), began_at__gt=OuterRef("began_at"))
    untried = there.exclude(Exists(Proof.objects.filter(backup=OuterRef("pk")))).exclude(Exists(newer))
    waiting = dict(untried.order_by("-pk").values_list("archive", "pk"))
    return sorted(_ready().filter(pk__in=waiting), key=lambda archive: waiting[archive.pk]) if waiting else []
