"""Metering as pure interval arithmetic: from changes of state to time and money. No I/O.

A meter is a list of readings in order of time; each says how things are from then on. A reading that says what the one
before it says changes nothing, so recording twice, after a crash or by two workers, counts nothing twice; and as a
reading is recorded in the transaction that changes the state, none is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

CENT: Final = Decimal("0.01")
HOUR: Final = timedelta(hours=1)
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)  # before anything


@dataclass(frozen=True)
class Reading:
    """How a data store is from ``at`` on: whether it is active, on which plan, and whether that is a trial."""

    at: datetime
    active: bool
    plan: int
    trial: bool = False

    def says_the_same(self, other: Reading) -> bool:
        """Whether nothing but the time differs."""
        return (self.active, self.plan, self.trial) == (other.active, other.plan, other.trial)


@dataclass(frozen=True)
class Span:
    """A time in which a data store was active on one plan."""

    begin: datetime
    end: datetime
    plan: int
    trial: bool

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin


@dataclass(frozen=True)
class Price:
    """What a plan costs per hour from ``since`` on."""

    since: datetime
    hourly: Decimal


def following(last: Reading | None, now: Reading) -> Reading | None:
    """Return the reading to record after ``last``: None where it says the same, and never one from before it.

    A clock that was set back can't make time count twice: the reading then takes the time of the one before.
    """
    if last is None:
        return now if now.active else None
    if last.says_the_same(now):
        return None
    return Reading(max(last.at, now.at), now.active, now.plan, now.trial)


def spans(readings: Sequence[Reading], *, until: datetime) -> list[Span]:
    """Return the active times of ordered readings up to ``until``: in order, without overlap or gap of its own."""
    ends = [*(later.at for _, later in pairwise(readings)), until][: len(readings)]
    return [
        Span(reading.at, min(end, until), reading.plan, reading.trial)
        for reading, end in zip(readings, ends, strict=True)
        if reading.active and reading.at < min(end, until)
    ]


def within(found: Iterable[Span], begin: datetime, end: datetime) -> list[Span]:
    """Return the parts of spans that lie in ``begin`` … ``end``."""
    return [
        Span(max(span.begin, begin), min(span.end, end), span.plan, span.trial)
        for span in found
        if span.begin < end and span.end > begin
    ]


def total(found: Iterable[Span]) -> timedelta:
    """Return the time of spans together."""
    return sum((span.length for span in found), timedelta())


def cost(found: Iterable[Span], prices: dict[int, list[Price]]) -> Decimal:
    """Return what spans cost, unrounded: to the second, each second at the price of its time. Trials cost nothing."""
    return price_seconds(found, prices) / 3600


def price_seconds(found: Iterable[Span], prices: dict[int, list[Price]]) -> Decimal:
    """Return the seconds of spans, each times its hourly price: exact, so that parts always add up to the whole."""
    return sum(
        (price * Decimal(part.total_seconds()) for span in found for part, price in _priced(span, prices)), Decimal(0)
    )


def _priced(span: Span, prices: dict[int, list[Price]]) -> Iterator[tuple[timedelta, Decimal]]:
    """Cut a span where its price changes. Time before the first known price costs nothing."""
    if span.trial:
        return
    known = sorted(prices.get(span.plan, []), key=lambda price: price.since)
    for place, price in enumerate(known):
        ends = known[place + 1].since if place + 1 < len(known) else span.end
        begin, end = max(span.begin, price.since), min(span.end, ends)
        if begin < end:
            yield end - begin, price.hourly


def in_cents(amount: Decimal) -> Decimal:
    """Round to cents, half a cent up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def month_of(moment: datetime) -> tuple[datetime, datetime]:
    """Return begin and end of a moment's month, in UTC."""
    begin = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begin, (begin + timedelta(days=32)).replace(day=1)
