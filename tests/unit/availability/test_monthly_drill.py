"""The platform opens the drills that are due: through the action, audited, once; what is refused comes the next night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from console.models import AuditEvent
from datastores.actions import next_monthly_drill, open_due_drills
from datastores.models import DataStore, Node, Operation, ServicePlan


@pytest.fixture
def drilled(store: DataStore) -> DataStore:
    """A Business store with a standby that has everything, and the monthly drill switched on."""
    store.plan = ServicePlan.objects.get(slug="business-4")
    store.monthly_drill, store.state = True, DataStore.State.RUNNING
    store.save()
    store.nodes.update(state=Node.State.UP)
    Node.objects.create(
        store=store, number=2, role=Node.Role.STANDBY, state=Node.State.UP, counted=True, following=True
    )
    return store


def tick(store: DataStore) -> datetime:
    """Return when the store's drill is due."""
    found = next_monthly_drill(store, timezone.now())
    assert found
    return found


def test_a_due_drill_is_opened_by_the_platform_with_an_audit_event(drilled: DataStore) -> None:
    [opened] = open_due_drills(tick(drilled))
    assert (opened.kind, opened.memo["fault"]) == ("drill", "drill_kill")
    event = AuditEvent.objects.get(action="store.drilled")
    assert (event.actor, event.object_id) == ("monthly drill", str(drilled.pk))


def test_nothing_is_opened_before_its_time_and_after_it(drilled: DataStore) -> None:
    due = tick(drilled)
    for moment in (due - timedelta(minutes=1), due + timedelta(minutes=10)):
        assert open_due_drills(moment) == []


def test_a_second_ring_of_the_same_night_changes_nothing(drilled: DataStore) -> None:
    due = tick(drilled)
    open_due_drills(due)
    Operation.objects.update(state=Operation.State.DONE, created_at=due, finished_at=due)
    assert open_due_drills(due + timedelta(minutes=1)) == []
    assert open_due_drills(due + timedelta(days=1)) == []
    following = next_monthly_drill(drilled, due + timedelta(hours=1))
    assert following
    assert (following.year, following.month) != (due.year, due.month)


def test_a_refusal_is_logged_and_the_next_night_tries_again(
    drilled: DataStore, caplog: pytest.LogCaptureFixture
) -> None:
    due = tick(drilled)
    DataStore.objects.update(guarantee_suspended_since=timezone.now())
    with caplog.at_level(logging.WARNING):
        assert open_due_drills(due) == []
    assert "could lose some" in caplog.text
    assert not AuditEvent.objects.filter(action="store.drilled").exists()
    DataStore.objects.update(guarantee_suspended_since=None)
    again = next_monthly_drill(drilled, due + timedelta(hours=1))
    assert again
    assert len(open_due_drills(again)) == 1


def test_a_drill_that_failed_did_nothing_and_counts_for_nothing(drilled: DataStore) -> None:
    due = tick(drilled)
    open_due_drills(due)
    Operation.objects.update(state=Operation.State.FAILED, created_at=due, finished_at=due)
    again = next_monthly_drill(drilled, due + timedelta(hours=1))
    assert again
    assert again > due
    assert len(open_due_drills(again)) == 1


@pytest.mark.parametrize(
    "change",
    [{"monthly_drill": False}, {"state": DataStore.State.POWERED_OFF}, {"state": DataStore.State.DELETED}],
)
def test_other_stores_are_left_alone(drilled: DataStore, change: dict[str, object]) -> None:
    due = tick(drilled)
    DataStore.objects.update(**change)
    assert open_due_drills(due) == []


def test_the_task_opens_what_is_due(drilled: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from datastores import tasks

    due = tick(drilled)
    monkeypatch.setattr("datastores.tasks.timezone.now", lambda: due)
    tasks.monthly_drills()
    assert Operation.objects.get().kind == "drill"


def test_beat_looks_in_every_tick() -> None:
    from django.conf import settings

    entry = settings.CELERY_BEAT_SCHEDULE["monthly-drills"]
    assert entry["task"] == "datastores.monthly_drills"
    assert entry["schedule"].minute == {0, 10, 20, 30, 40, 50}
