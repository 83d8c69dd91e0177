"""When monthly drills are due: in quiet hours only, spread over the month, tried again at night, never twice a month."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from datastores.drill_schedule import LAST_DAY, QUIET, REST, TICK, first_try, is_due, next_drill

stores = st.uuids()
areas = st.sampled_from(sorted(QUIET))
months = st.tuples(st.integers(2024, 2030), st.integers(1, 12))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds it


def ticks_of(year: int, month: int) -> list[datetime]:
    """Return every tick of a month."""
    days = calendar.monthrange(year, month)[1]
    return [datetime(year, month, 1, tzinfo=UTC) + number * TICK for number in range(days * 144)]


@settings(deadline=None, max_examples=30)  # thousands of ticks each
@given(stores, areas, months)
def test_it_is_due_once_a_night_from_its_day_on_until_it_was_made(
    store: UUID, area: str, month: tuple[int, int]
) -> None:
    due = [tick for tick in ticks_of(*month) if is_due(store, area, tick, None)]
    first = first_try(store, *month, area)
    assert due == [first + timedelta(days=number) for number in range(len(due))]
    assert len(due) >= calendar.monthrange(*month)[1] - LAST_DAY + 1 >= 4
    begin, end = QUIET[area]
    assert all(begin <= tick.hour < end for tick in due)


@given(stores, areas, months, st.integers(0, 3))
def test_after_a_drill_none_is_due_for_the_month_and_two_weeks(
    store: UUID, area: str, month: tuple[int, int], late: int
) -> None:
    year, number = month
    made = first_try(store, year, number, area) + timedelta(days=late)
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    nights = [made + timedelta(days=days) for days in range(1, 62)]
    due = [night for night in nights if is_due(store, area, night, made)]
    assert due, "the next month has its drill"
    assert (due[0].year, due[0].month) == following
    assert due[0] - made >= REST


@given(stores, areas, moments, st.none() | st.timedeltas(timedelta(0), timedelta(days=90)))
def test_the_next_one_is_the_first_tick_that_is_due(
    store: UUID, area: str, now: datetime, ago: timedelta | None
) -> None:
    last = None if ago is None else now - ago
    found = next_drill(store, area, now, last)
    assert found + TICK > now
    assert is_due(store, area, found, last)
    nights = [found - timedelta(days=number) for number in range(1, 80)]
    assert not any(is_due(store, area, night, last) for night in nights if night + TICK > now)


@given(stores, areas, moments)
def test_any_moment_of_a_tick_is_the_tick(store: UUID, area: str, now: datetime) -> None:
    tick = next_drill(store, area, now, None)
    assert is_due(store, area, tick + TICK - timedelta(microseconds=1), None)
    assert not is_due(store, area, tick + TICK, None)
    assert not is_due(store, area, tick - timedelta(microseconds=1), None)


def test_stores_are_spread_over_days_and_hours() -> None:
    slots = [first_try(UUID(int=number), 2026, 11, "eu") for number in range(2500)]
    days, hours = Counter(slot.day for slot in slots), Counter(slot.hour for slot in slots)
    assert set(days) == set(range(1, LAST_DAY + 1))
    assert max(days.values()) < 2 * min(days.values())
    assert set(hours) == set(range(*QUIET["eu"]))
    assert max(hours.values()) < 1.3 * min(hours.values())
