"""When backups are due: evenly over the day, once a day, found in no time."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.schedule import DAY_SECONDS, beat_is_due, daily_second, next_daily

SLOT_SECONDS = 300
moments = st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added


@pytest.mark.parametrize(("count", "first"), [(10_000, 1), (10_000, 123_456), (3_000, 7), (1_000, 40_001)])
def test_no_five_minutes_hold_more_than_one_and_a_half_times_the_mean(count: int, first: int) -> None:
    slots = Counter(daily_second(number) // SLOT_SECONDS for number in range(first, first + count))
    mean = count / (DAY_SECONDS // SLOT_SECONDS)
    assert max(slots.values()) <= 1.5 * mean


def test_what_is_due_among_ten_thousand_is_found_in_no_time() -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    began = time.perf_counter()
    due = [number for number in range(10_000) if next_daily(now - timedelta(minutes=5), daily_second(number)) <= now]
    assert time.perf_counter() - began < 1  # the bench holds the figure; this only keeps it from becoming minutes
    assert 25 <= len(due) <= 45


@given(moments, st.integers(0, DAY_SECONDS - 1))
def test_the_next_time_is_later_within_a_day_and_at_the_second(after: datetime, second: int) -> None:
    found = next_daily(after, second)
    assert after < found <= after + timedelta(days=1)
    assert (found - found.replace(hour=0, minute=0, second=0)).total_seconds() == second


def test_a_store_that_changes_is_marked_each_minute_and_an_idle_one_before_five_are_over() -> None:
    assert beat_is_due(since_last=None, changed=False)
    assert beat_is_due(since_last=60, changed=True)
    assert beat_is_due(since_last=49, changed=True)
    assert not beat_is_due(since_last=30, changed=True)
    assert not beat_is_due(since_last=60, changed=False)
    assert beat_is_due(since_last=240, changed=False)
