"""``/usage/`` and its CSV: a month in hours and money, to the second and to the cent."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from console.models import Organization
from datastores.models import DataStore, MeterReading, PlanPrice, PriceChange, ServicePlan
from datastores.presentation.usage import month_named, usage_of
from tests.access.cast import World, make_world

PAGE = "/usage/"
State = DataStore.State


def day(number: int, hour: int = 0, month: int = 3) -> datetime:
    """Return a moment of March 2026."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


def reading(store: DataStore, at: datetime, *, active: bool, plan: str = "hobbyist", trial: bool = False) -> None:
    """Add a reading."""
    MeterReading.objects.create(store=store, at=at, active=active, plan=ServicePlan.objects.get(slug=plan), trial=trial)


@pytest.fixture
def world(db: None) -> World:
    """The cast; its store has never run, and an hour of Hobbyist costs ten cents."""
    made = make_world()
    MeterReading.objects.all().delete()
    PriceChange.objects.filter(plan__slug="hobbyist").update(hourly=Decimal("0.10"))
    return made


def test_hours_cost_and_forecast(world: World) -> None:
    reading(world.store, day(1, month=2), active=True)
    reading(world.store, day(2, 12), active=False)
    reading(world.store, day(4), active=True)
    month = usage_of(world.organization, day(10), now=day(6))
    (row,) = month.rows
    assert row.hours == 36 + 48
    assert row.cost == month.total == Decimal("8.40")
    assert month.forecast == Decimal("8.40") + 26 * 24 * Decimal("0.10")
    assert row.active
    assert [bar.height for bar in row.strip[:6]] == ["100.0", "50.0", "0.0", "100.0", "100.0", "0.0"]


def test_a_month_that_is_over_has_no_forecast_and_ends_where_the_next_begins(world: World) -> None:
    reading(world.store, day(30), active=True)
    march, april = (usage_of(world.organization, day(1, month=number), now=day(2, month=5)) for number in (3, 4))
    assert march.forecast is None
    assert [march.rows[0].hours, april.rows[0].hours] == [48, 720]
    assert march.next == april.begin
    assert april.previous is not None


def test_a_new_price_applies_from_then_on(world: World) -> None:
    price = PlanPrice.objects.get(plan__slug="hobbyist", cloud__slug="aws")
    PriceChange.objects.create(plan=price.plan, cloud=price.cloud, hourly=Decimal(1), since=day(2))
    reading(world.store, day(1), active=True)
    reading(world.store, day(3), active=False)
    assert usage_of(world.organization, day(1), now=day(9)).total == Decimal("2.40") + 24


def test_a_trial_costs_nothing_and_is_shown(world: World) -> None:
    reading(world.store, day(1), active=True, trial=True)
    reading(world.store, day(3), active=True)
    (row,) = usage_of(world.organization, day(1), now=day(4)).rows
    assert [row.trial_hours, row.hours, row.cost] == [48, 24, Decimal("2.40")]


def test_a_plan_change_is_one_line_with_both_plans(world: World) -> None:
    reading(world.store, day(1), active=True)
    reading(world.store, day(2), active=True, plan="startup-4")
    (row,) = usage_of(world.organization, day(1), now=day(3)).rows
    assert row.plans == "Hobbyist → Startup-4"
    assert row.cost == Decimal("2.40") + Decimal("2.64")


def test_a_deleted_data_store_stays_on_the_page(world: World) -> None:
    world.store.set_state(State.RUNNING)
    world.store.set_state(State.DELETED)
    page = world.client("billing_admin").get(PAGE).content.decode()
    assert "orders" in page
    assert "(deleted)" in page


def test_another_organization_is_not_on_it(world: World) -> None:
    world.store.set_state(State.RUNNING)
    assert "orders" not in world.client("outsider").get(PAGE).content.decode()
    assert usage_of(Organization.objects.get(handle="elsewhere"), day(1)).rows == []


def test_the_csv_says_what_the_page_says(world: World) -> None:
    DataStore.objects.filter(pk=world.store.pk).update(name="=cmd()")
    reading(world.store, day(1), active=True)
    reading(world.store, day(2), active=False)
    answer = world.client("admin").get(f"{PAGE}export.csv?month=2026-03")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["hours"], row["cost_usd"], row["data_store"]) == ("24.00", "2.40", "'=cmd()")
    assert 'filename="usage-acme-2026-03.csv"' in answer["Content-Disposition"]
    assert "$2.40" in world.client("admin").get(f"{PAGE}?month=2026-03").content.decode()


@pytest.mark.parametrize("text", ["", "x", "2026-13", "1066-01", "9999-12", "2026-3-1"])
def test_an_unreadable_month_is_the_current_one(text: str) -> None:
    assert month_named(text, now=day(5)) == day(5)


def test_an_empty_month_says_so(world: World) -> None:
    assert "Nothing was active" in world.client("devops").get(PAGE).content.decode()
