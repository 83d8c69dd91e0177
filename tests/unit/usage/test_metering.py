"""The arithmetic of metering: any interleaving of events sums to the true time, and no price reaches into the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from datastores.metering import (
    Price,
    Reading,
    Span,
    cost,
    following,
    in_cents,
    month_of,
    price_seconds,
    spans,
    total,
    within,
)

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
HORIZON = 500  # seconds of a made-up life
END = BEGIN + timedelta(seconds=HORIZON)
PRICES = {1: [Price(BEGIN - timedelta(days=1), Decimal("0.36"))], 2: [Price(BEGIN, Decimal("7.2"))]}
EVENTS = st.lists(
    st.tuples(st.integers(-50, HORIZON + 50), st.booleans(), st.sampled_from([1, 2]), st.booleans()), max_size=30
)


def second(number: float) -> datetime:
    """Return a moment of the life."""
    return BEGIN + timedelta(seconds=number)


def meter(events: list[tuple[int, bool, int, bool]]) -> list[Reading]:
    """Record events in the order in which they come, as the rows do."""
    readings: list[Reading] = []
    for at, active, plan, trial in events:
        if new := following(readings[-1] if readings else None, Reading(second(at), active, plan, trial)):
            readings.append(new)
    return readings


def truth(events: list[tuple[int, bool, int, bool]]) -> dict[tuple[int, bool], int]:
    """Count second by second how long which plan was active; the last event before a second says how it was."""
    found: dict[tuple[int, bool], int] = {}
    for now in range(-50, HORIZON):
        before = [event for event in events if event[0] <= now]
        if before and before[-1][1]:
            key = before[-1][2:]
            found[key] = found.get(key, 0) + 1
    return found


@given(EVENTS)
def test_any_interleaving_sums_to_the_true_time(events: list[tuple[int, bool, int, bool]]) -> None:
    events.sort(key=lambda event: event[0])
    counted: dict[tuple[int, bool], int] = {}
    for span in spans(meter(events), until=END):
        key = (span.plan, span.trial)
        counted[key] = counted.get(key, 0) + int(span.length.total_seconds())
    assert counted == truth(events)


@given(EVENTS, st.lists(st.integers(0, 29), max_size=10))
def test_recording_an_event_again_changes_nothing(events: list[tuple[int, bool, int, bool]], again: list[int]) -> None:
    twice = [event for place, event in enumerate(events) for _ in range(2 if place in again else 1)]
    assert meter(twice) == meter(events)


@given(EVENTS, st.lists(st.integers(0, HORIZON), max_size=6))
def test_cutting_time_into_parts_loses_and_adds_nothing(
    events: list[tuple[int, bool, int, bool]], cuts: list[int]
) -> None:
    found = spans(meter(events), until=END)
    edges = [second(-60), *map(second, sorted(cuts)), END]
    parts = [part for begin, end in pairwise(edges) for part in within(found, begin, end)]
    assert total(parts) == total(found)
    assert price_seconds(parts, PRICES) == price_seconds(found, PRICES)


@given(EVENTS)
def test_spans_never_overlap(events: list[tuple[int, bool, int, bool]]) -> None:
    found = spans(meter(events), until=END)
    assert all(earlier.end <= later.begin for earlier, later in pairwise(found))
    assert all(span.begin < span.end <= END for span in found)


@given(EVENTS, st.integers(0, HORIZON), st.decimals("0.01", "9", places=4))
def test_a_price_applies_from_its_day_on_only(
    events: list[tuple[int, bool, int, bool]], at: int, hourly: Decimal
) -> None:
    found = spans(meter(events), until=END)
    changed = PRICES | {1: [*PRICES[1], Price(second(at), hourly)]}
    before, after = within(found, second(-60), second(at)), within(found, second(at), END)
    only_new = PRICES | {1: [Price(second(-60), hourly)]}
    assert price_seconds(found, changed) == price_seconds(before, PRICES) + price_seconds(after, only_new)


def test_a_trial_and_time_before_the_first_price_cost_nothing() -> None:
    span = Span(second(0), second(3600), 1, trial=False)
    assert cost([span], PRICES) == Decimal("0.36")
    assert cost([Span(second(0), second(3600), 1, trial=True)], PRICES) == 0
    assert cost([span], {1: [Price(second(1800), Decimal("0.36"))]}) == Decimal("0.18")
    assert cost([span], {}) == 0


def test_cents_round_half_up() -> None:
    assert [in_cents(Decimal(text)) for text in ("0.005", "0.0149", "2.345")] == [
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal("2.35"),
    ]


def test_months_have_their_own_lengths() -> None:
    assert month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    begin, end = month_of(datetime(2028, 2, 29, tzinfo=UTC))
    assert end - begin == timedelta(days=29)
