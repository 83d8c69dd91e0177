"""A trial through its weeks: reminded, powered off, kept, deleted, or upgraded, with the same address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from console.actions.tiers import ask_for_upgrade, set_tier
from console.audit import Actor
from console.errors import Refusal
from console.models import AuditEvent, Member, Notice, Organization, Tier
from datastores import actions
from datastores.actions import trials
from datastores.models import DataStore, EdgeSlot, MeterReading, Operation, Region, ServicePlan

pytestmark = pytest.mark.django_db
State = DataStore.State
Walk = Callable[[float], None]


@pytest.fixture
def trial(organization: Organization, admin: Member, actor: Actor, plan: ServicePlan, region: Region) -> DataStore:
    """A trial that runs, in a free organization."""
    Organization.objects.update(tier=Tier.FREE)
    organization.refresh_from_db()
    admin.refresh_from_db()
    store = actions.create_store(
        actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan
    )
    finish(store)
    store.set_state(State.RUNNING)
    EdgeSlot.objects.create(number=9001, port=31899, store=store)
    return store


@pytest.fixture
def walk(trial: DataStore, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """Go to a day after the trial's beginning: ``walk(5.5)``; the clock of everything goes along."""
    began = timezone.now()

    def go(days: float) -> None:
        moment: datetime = began + timedelta(days=days)
        monkeypatch.setattr(timezone, "now", lambda: moment)
        trials.walk()
        trial.refresh_from_db()

    return go


def finish(store: DataStore) -> None:
    """Let the work on a store have succeeded, by the clock of the walk."""
    Operation.objects.active().filter(store=store).update(state=Operation.State.DONE, created_at=timezone.now())


def told() -> list[str]:
    """Return the subjects of the notices about the trial, oldest first."""
    return list(Notice.objects.filter(kind="trial").order_by("pk").values_list("subject", flat=True))


def test_nothing_happens_before_the_last_two_days(trial: DataStore, walk: Walk) -> None:
    walk(4.9)
    assert told() == []
    assert trial.state == State.RUNNING


def test_it_is_reminded_once(trial: DataStore, walk: Walk) -> None:
    for days in (5.1, 5.2, 6.5):
        walk(days)
    assert told() == ["orders: 2 days of its trial left"]


def test_it_is_backed_up_and_powered_off_at_the_end_and_its_data_kept(trial: DataStore, walk: Walk) -> None:
    walk(7.001)
    backup = Operation.objects.active().get(store=trial)
    assert backup.kind == "back_up"
    Operation.objects.filter(pk=backup.pk).update(created_at=timezone.now())  # by the clock of the walk
    walk(7.002)
    assert trial.state == State.RUNNING, "the final backup is waited for"
    finish(trial)
    walk(7.003)
    assert trial.state == State.POWERING_OFF
    assert Operation.objects.active().get(store=trial).kind == "power_off"
    finish(trial)
    trial.set_state(State.POWERED_OFF)
    for days in (7.1, 10, 13.9):
        walk(days)
    assert trial.state == State.POWERED_OFF
    assert told() == ["The trial of orders has ended"]
    assert AuditEvent.objects.get(action="store.power_off").actor == "trials"


def test_nobody_powers_it_on_without_an_upgrade(trial: DataStore, walk: Walk, actor: Actor) -> None:
    trial.set_state(State.POWERED_OFF)
    walk(8)
    with pytest.raises(Refusal, match="trial of orders has ended"):
        actions.power_on(actor=actor, store=trial)


def test_seven_days_later_it_is_deleted(trial: DataStore, walk: Walk) -> None:
    trial.set_state(State.POWERED_OFF)
    walk(14.001)
    assert trial.state == State.DELETING
    walk(14.002)
    assert Operation.objects.filter(store=trial, kind="delete").count() == 1
    assert told()[-1] == "orders is deleted: its trial ended 7 days ago"


def test_deletion_protection_holds_against_the_platform(trial: DataStore, walk: Walk) -> None:
    DataStore.objects.filter(pk=trial.pk).update(deletion_protection=True)
    trial.set_state(State.POWERED_OFF)
    walk(30)
    assert trial.state == State.POWERED_OFF


def test_a_deletion_that_failed_is_left_to_people(trial: DataStore, walk: Walk) -> None:
    trial.set_state(State.POWERED_OFF)
    walk(14.001)
    Operation.objects.filter(kind="delete").update(state=Operation.State.FAILED)
    trial.set_state(State.FAILED)
    walk(14.1)
    assert Operation.objects.filter(store=trial, kind="delete").count() == 1


def test_work_that_is_under_way_is_waited_for(trial: DataStore, walk: Walk, actor: Actor) -> None:
    actions.reset_password(actor=actor, store=trial)
    walk(7.001)
    backup = Operation.objects.active().get(store=trial, kind="back_up")
    Operation.objects.filter(pk=backup.pk).update(state=Operation.State.FAILED, created_at=timezone.now())
    walk(7.002)
    assert trial.state == State.RUNNING
    assert told() == []
    finish(trial)
    walk(7.003)
    assert trial.state == State.POWERING_OFF, "a backup that failed does not let a trial go on for ever"


def test_an_upgrade_in_time_lets_it_run_on(
    trial: DataStore, walk: Walk, actor: Actor, organization: Organization
) -> None:
    walk(3)
    set_tier(actor=actor, organization=organization, tier=Tier.PAID)
    walk(30)
    assert (trial.state, trial.trial_ends_at) == (State.RUNNING, None)
    readings = list(MeterReading.objects.filter(store=trial).values_list("active", "trial"))
    assert readings == [(True, True), (True, False)]


def test_an_upgrade_brings_it_back_under_the_same_address(
    trial: DataStore, walk: Walk, actor: Actor, organization: Organization
) -> None:
    port = trial.slot.port
    trial.set_state(State.POWERED_OFF)
    walk(10)
    set_tier(actor=actor, organization=organization, tier=Tier.PAID)
    trial.refresh_from_db()
    assert trial.state == State.POWERING_ON
    assert Operation.objects.active().get(store=trial).kind == "power_on"
    assert EdgeSlot.objects.get(store=trial).port == port


def test_an_upgrade_leaves_off_what_its_owner_powered_off(
    trial: DataStore, walk: Walk, actor: Actor, organization: Organization
) -> None:
    trial.set_state(State.POWERED_OFF)
    walk(3)
    set_tier(actor=actor, organization=organization, tier=Tier.PAID)
    trial.refresh_from_db()
    assert (trial.state, trial.trial_ends_at) == (State.POWERED_OFF, None)


def test_asking_stands_once_and_is_answered_by_the_upgrade(organization: Organization, actor: Actor) -> None:
    set_tier(actor=actor, organization=organization, tier=Tier.FREE)
    assert ask_for_upgrade(actor=actor, organization=organization)
    assert not ask_for_upgrade(actor=actor, organization=organization)
    assert set_tier(actor=actor, organization=organization, tier=Tier.PAID)
    assert not set_tier(actor=actor, organization=organization, tier=Tier.PAID)
    organization.refresh_from_db()
    assert organization.upgrade_asked_at is None
    assert AuditEvent.objects.filter(action="organization.upgrade_asked").count() == 1
