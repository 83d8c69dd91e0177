"""Meters follow the rows: whatever way a state takes into the database, in the same transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from datastores.models import DataStore, MeterReading, PlanPrice, PriceChange, ServicePlan

pytestmark = pytest.mark.django_db
State = DataStore.State


def told(store: DataStore) -> list[tuple[bool, str, bool]]:
    """Return what the meter says, oldest first."""
    return [(each.active, each.plan.slug, each.trial) for each in MeterReading.objects.filter(store=store)]


def test_nothing_is_counted_until_it_runs(store: DataStore) -> None:
    store.set_state(State.FAILED, "It did not start.")
    assert told(store) == []


def test_a_life_is_counted_by_its_changes(store: DataStore) -> None:
    for state in (
        State.RUNNING,
        State.RUNNING,
        State.UNREACHABLE,
        State.FAILED,
        State.RUNNING,
        State.POWERING_OFF,
        State.POWERED_OFF,
    ):
        store.set_state(state)
    assert told(store) == [(True, "hobbyist", False), (False, "hobbyist", False)] * 2


def test_a_changed_plan_and_an_ended_trial_are_read(store: DataStore) -> None:
    store.trial_ends_at = timezone.now() + timedelta(days=7)
    store.set_state(State.RUNNING)
    store.save()
    store.trial_ends_at = None
    store.save(update_fields=["trial_ends_at"])
    store.plan = ServicePlan.objects.get(slug="startup-4")
    store.save(update_fields=["plan"])
    assert told(store) == [(True, "hobbyist", True), (True, "hobbyist", False), (True, "startup-4", False)]


def test_what_is_written_past_the_object_is_read_too(store: DataStore) -> None:
    DataStore.objects.filter(pk=store.pk, state=State.CREATING).update(state=State.RUNNING)
    assert (
        DataStore.objects.filter(pk=store.pk, state=State.RUNNING)
        .exclude(operations__state__in=("waiting", "running"))
        .update(state=State.UNREACHABLE, evidence="No answer.")
    )
    assert told(store) == [(True, "hobbyist", False), (False, "hobbyist", False)]


def test_a_saved_measurement_reads_no_meter(store: DataStore, django_assert_num_queries: object) -> None:
    store.set_state(State.RUNNING)
    with django_assert_num_queries(1):  # type: ignore[operator]
        DataStore.objects.filter(pk=store.pk).update(evidence="A client logged in.", evidence_at=timezone.now())


def test_what_is_rolled_back_was_never_counted(store: DataStore) -> None:
    with transaction.atomic():
        store.set_state(State.RUNNING)
        transaction.set_rollback(True)
    assert told(store) == []


def test_a_clock_that_was_set_back_counts_nothing_twice(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.set_state(State.RUNNING)
    began = MeterReading.objects.get(store=store).at
    monkeypatch.setattr(timezone, "now", lambda: began - timedelta(hours=1))
    store.set_state(State.POWERED_OFF)
    assert [reading.at for reading in MeterReading.objects.filter(store=store)] == [began, began]


@pytest.mark.parametrize("way", ["save", "update"])
def test_a_price_keeps_its_history(way: str) -> None:
    price = PlanPrice.objects.get(plan__slug="hobbyist", cloud__slug="aws")
    before = price.hourly
    if way == "save":
        price.hourly = Decimal("0.05")
        price.save()
        price.save()
    else:
        PlanPrice.objects.filter(pk=price.pk).update(hourly=Decimal("0.05"))
    history = list(PriceChange.objects.filter(plan=price.plan, cloud=price.cloud).values_list("hourly", flat=True))
    assert history == [before, Decimal("0.05")]


def test_every_price_of_the_first_catalogue_has_a_history() -> None:
    assert (
        PriceChange.objects.filter(since__lt=datetime(2001, 1, 1, tzinfo=timezone.get_current_timezone())).count()
        == PlanPrice.objects.count()
    )
