"""The Backups tab: what can be restored, what proved it, what is in the archive, and what is under way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from console.models import Member
from console.templatetags.ui import duration
from console.templatetags.ui import size as in_words
from datastores.alarms import alarms
from datastores.archives import facts_of
from datastores.engines.registry import history_of
from datastores.models import Archive, Backup, DataStore, Operation, Proof
from datastores.presentation.operations import OperationView, view_of
from datastores.presentation.roles import refused
from datastores.presentation.states import Badge
from datastores.retention import Window
from datastores.sites.registry import driver_of

MOST_ROWS: Final = 60
NEEDS_RUNNING: Final = "The data store must be running."
UNDER_WAY: Final = "Wait until the running backup or proof is finished."
NO_HISTORY: Final = "This plan keeps a single backup for disaster recovery; only the platform restores from it."
NEARLY_FULL: Final = (
    "The archive's disk is nearly full. An operator must free some space or move the archive to a larger disk."
)
MAYBE_LOST: Final = (DataStore.State.UNREACHABLE, DataStore.State.FAILED)
LOOKS: Final = {
    Backup.State.COMPLETE: Badge("done", "Complete"),
    Backup.State.DAMAGED: Badge("failed", "Damaged"),
    Backup.State.FAILED: Badge("failed", "Failed"),
    Backup.State.EXPIRED: Badge("neutral", "Expired"),
}


@dataclass(frozen=True)
class BackupRow:
    """A line of the history."""

    label: str
    began_at: datetime
    badge: Badge
    size: str
    stored: str
    took: str
    speed: str
    sentence: str
    proved: Proof | None


@dataclass(frozen=True)
class BackupsPage:
    """Everything on the tab. ``backed_up`` is False where the store's engine is not archived yet."""

    backed_up: bool
    history: timedelta
    archive: Archive | None
    window: Window | None
    alarms: list[str]
    proof: Proof | None
    rows: list[BackupRow]
    work: OperationView | None
    daily_at: str
    back_up_why: str
    prove_why: str
    restore_why: str
    edit_why: str
    offers_node: bool  # the only node may be lost, and a backup is there


def backups_page(store: DataStore, member: Member) -> BackupsPage:
    """Return what the tab shows: some ten queries, whatever the number of backups."""
    archive, now = Archive.objects.filter(store=store).first(), timezone.now()
    history = history_of(store)
    work = _work(store)
    working = bool(work and work.active)
    backups = list(archive.backups.defer("manifest")[:MOST_ROWS]) if archive else []
    window = archive.window(now, history) if archive else None
    there = any(backup.state in Backup.THERE for backup in backups)
    running = "" if store.state == DataStore.State.RUNNING else NEEDS_RUNNING
    rights = refused(member, "store:back_up")
    busy = UNDER_WAY if working else ""
    restore = refused(member, "store:create") or ("" if history else NO_HISTORY)
    return BackupsPage(
        backed_up=driver_of(store).backs_up(store),
        history=history,
        archive=archive,
        window=window,
        alarms=_alarms(store, archive, now),
        proof=archive.proofs.select_related("backup").first() if archive else None,
        rows=_rows(backups) if history else [],
        work=work,
        daily_at=clock(archive.daily_at) if archive else "",
        back_up_why=rights or running or busy,
        prove_why=rights or running or busy or ("" if there else "There is no backup yet."),
        restore_why=rights or restore or ("" if window or there else "There is no backup yet."),
        edit_why=rights,
        offers_node=there and store.state in MAYBE_LOST and store.nodes.count() == 1,
    )


def clock(second: int) -> str:
    """Write a second of the day as a time."""
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def _alarms(store: DataStore, archive: Archive | None, now: datetime) -> list[str]:
    if archive is None or store.state not in {DataStore.State.RUNNING, DataStore.State.UNREACHABLE}:
        return []
    archive.store = store
    found = alarms(facts_of(archive), now)
    if archive.problem and not found.keys() & {"log", "key"}:
        found["problem"] = archive.problem
    if "space" in archive.alarms:  # how full the disk is was seen by the last look
        found["space"] = NEARLY_FULL
    return list(found.values())


def _work(store: DataStore) -> OperationView | None:
    """Return the running work, else the last one where it failed."""
    latest = store.operations.filter(background=True).order_by("-created_at").first()
    if latest is None or latest.state not in {*Operation.ACTIVE, Operation.State.FAILED}:
        return None
    latest.store = store
    return view_of(latest)


def _rows(backups: Iterable[Backup]) -> list[BackupRow]:
    backups = list(backups)
    proofs = {proof.backup_id: proof for proof in Proof.objects.filter(backup__in=backups).order_by("finished_at")}
    return [_row(backup, proofs.get(backup.pk)) for backup in backups]


def _row(backup: Backup, proof: Proof | None) -> BackupRow:
    speed = backup.throughput if backup.state != Backup.State.FAILED else None
    return BackupRow(
        label=backup.label,
        began_at=backup.began_at,
        badge=LOOKS[Backup.State(backup.state)],
        size=in_words(backup.size_bytes),
        stored=in_words(backup.stored_bytes),
        took=duration(backup.seconds),
        speed=f"{in_words(int(speed))}/s" if speed else "",
        sentence=backup.sentence,
        proved=proof,
    )
