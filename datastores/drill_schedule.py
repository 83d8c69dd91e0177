"""When a data store's monthly failure drill is due: pure, the same for a store every month, spread over all stores.

Invariants, which ``tests/unit/availability/test_drill_schedule.py`` checks
- A drill is due only in the quiet hours of the region's area, in one tick of ten minutes a night.
- It is due for the first time on the store's own day of the month, and again each night after it until one was made,
  so that a refusal is tried again; the last nights of every month are left for that.
- After a drill none is due for the rest of the month, nor for two weeks.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

TICK: Final = timedelta(minutes=10)  # how often somebody looks; a store is due in one tick a night
LAST_DAY: Final = 25  # the last day on which a first try falls: three nights are left even in February
REST: Final = timedelta(days=14)  # between two drills, where one came late in its month
QUIET: Final = {"us": (7, 11), "eu": (1, 5)}  # hours in UTC, end excluded: 1 to 6 in the morning over there
HORIZON: Final = 80  # days within which a next one is always found


def first_try(store: UUID, year: int, month: int, area: str) -> datetime:
    """Return the tick of a month in which the store's drill is due for the first time."""
    drawn = hashlib.sha256(store.bytes).digest()
    begin, end = QUIET[area]
    day = int.from_bytes(drawn[:4], "big") % LAST_DAY + 1
    ticks = timedelta(hours=end - begin) // TICK
    offset = int.from_bytes(drawn[4:8], "big") % ticks * TICK
    return datetime(year, month, day, begin, tzinfo=UTC) + offset


def is_due(store: UUID, area: str, now: datetime, last: datetime | None) -> bool:
    """Say whether the drill is to be made in the tick of ``now``; ``last`` is when the last one was."""
    now = now.astimezone(UTC)
    mine = first_try(store, now.year, now.month, area)
    if now < mine or _tick(now) != _tick(mine):
        return False
    if last is None:
        return True
    last = last.astimezone(UTC)
    return (last.year, last.month) != (now.year, now.month) and now - last >= REST


def next_drill(store: UUID, area: str, now: datetime, last: datetime | None) -> datetime:
    """Return the beginning of the next tick in which the drill is due, if nothing is refused."""
    today = now.astimezone(UTC)
    for days in range(HORIZON):
        day = today + timedelta(days=days)
        mine = first_try(store, day.year, day.month, area)
        tick = day.replace(hour=mine.hour, minute=mine.minute, second=0, microsecond=0)
        if tick + TICK > today and is_due(store, area, tick, last):
            return tick
    raise AssertionError("unreachable: every month has such a night")


def _tick(moment: datetime) -> int:
    """Return the number of the day's tick."""
    return timedelta(hours=moment.hour, minutes=moment.minute) // TICK
