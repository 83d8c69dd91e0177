"""Beat opens what is due, backups before proofs, never more at once than the installation allows, and tells of silence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from console.models import Notice
from datastores.actions import open_due
from datastores.models import Archive, Backup, DataStore, Operation
from datastores.operations.opening import open_operation
from datastores.sites.local.archive.contract import Look
from datastores.sites.local.archive.watching import save, tell
from datastores.sites.local.procedures.archiving import ArchivingProcedure
from host.jobs import Command, Job

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def archives(store: DataStore) -> list[Archive]:
    """Three running stores; the backups of two are due, one longer than the other."""
    now, made = timezone.now(), []
    for hours in (1, 5, -1):
        copy = DataStore.objects.create(
            organization=store.organization,
            name=f"store {hours}",
            engine="postgresql",
            region=store.region,
            plan=store.plan,
            state=DataStore.State.RUNNING,
            state_since=now - 100 * HOUR,
            admin_user="hwadmin",
            admin_password="x",
        )
        archive = Archive.of(copy)
        archive.next_backup_at, archive.created_at = now - hours * HOUR, now - 100 * HOUR
        archive.save()
        made.append(archive)
    return made


def opened() -> list[tuple[str, str]]:
    rows = Operation.objects.filter(background=True).order_by("created_at")
    return [(row.kind, row.store.name) for row in rows if row.store]


def test_the_longest_overdue_goes_first_and_no_more_than_allowed(
    archives: list[Archive], settings: LazySettings
) -> None:
    settings.BACKUPS_AT_ONCE = 1
    assert open_due() == 1
    assert opened() == [("back_up", "store 5")]
    assert open_due() == 0
    settings.BACKUPS_AT_ONCE = 5
    assert open_due() == 1
    assert opened()[1:] == [("back_up", "store 1")]


def test_a_backup_that_nobody_tried_to_restore_is_proved_once(archives: list[Archive], settings: LazySettings) -> None:
    settings.BACKUPS_AT_ONCE = 5
    Archive.objects.update(next_backup_at=timezone.now() + HOUR)
    backup = archives[0].backups.create(label="a", state=Backup.State.COMPLETE, began_at=timezone.now())
    assert open_due() == 1
    assert opened() == [("prove", archives[0].store.name)]
    Operation.objects.update(state=Operation.State.DONE)
    archives[0].proofs.create(backup=backup, state="passed", began_at=timezone.now(), sentence="Proved.")
    assert open_due() == 0


def test_stores_that_do_not_run_are_left_alone(archives: list[Archive]) -> None:
    DataStore.objects.update(state=DataStore.State.POWERED_OFF)
    assert open_due() == 0


@pytest.mark.parametrize(("late_by", "rests"), [(HOUR / 2, True), (2 * HOUR, False)])
def test_work_rests_for_clients_unless_backups_wait_for_their_turn(
    archives: list[Archive], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, late_by: timedelta, rests: bool
) -> None:
    """One that runs is not late, however long it takes."""
    Archive.objects.update(next_backup_at=timezone.now() - 2 * HOUR)
    Archive.objects.filter(pk=archives[0].pk).update(next_backup_at=timezone.now() - late_by)
    for archive in archives[1:]:
        open_operation("back_up", store=archive.store, requested_by="somebody")
    monkeypatch.setattr(ArchivingProcedure, "workshop", tmp_path)
    given: list[bool] = []
    monkeypatch.setattr(Job, "start", lambda _job, _command, *, niceness, gives_way: given.append(gives_way))
    procedure = ArchivingProcedure(Operation.objects.latest("created_at"))
    procedure.work("copy", lambda: Command(["true"]), lambda: "", niceness=10, gives_way=True)
    assert given == [rests]


def test_silence_is_told_once_and_taken_back(archives: list[Archive]) -> None:
    archive = archives[2]
    archive.archived_until = timezone.now() - HOUR
    archive.save()
    tell(archive)
    tell(archive)
    told = Notice.objects.filter(subject__contains="its log is not archived")
    assert told.count() == 1
    now = timezone.now()
    save(archive, Look(position={}, archived_until=now, arrived_at=now), now)
    tell(archive)
    assert Notice.objects.filter(subject__contains="no longer: its log is not archived").count() == 1
    assert "log" not in archive.alarms


def test_log_that_is_missing_begins_the_window_anew(archives: list[Archive]) -> None:
    archive, now = archives[2], timezone.now()
    archive.backups.create(label="a", state=Backup.State.COMPLETE, began_at=now - HOUR, finished_at=now - HOUR)
    archive.archived_until = now - timedelta(minutes=1)
    assert archive.window(now, timedelta(days=2))
    save(archive, Look(position={}, missing="A part of the log never reached the archive."), now)
    assert archive.window(now, timedelta(days=2)) is None
    assert archive.next_backup_at == now
