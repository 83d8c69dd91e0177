"""Decides about trials: how long, what is left, and what is due. No I/O; the clock is an argument.

A free organization may run one trial per type of data store, on the Hobbyist plan, for seven days. Two days before the
end it is reminded; at the end the data store is powered off; its data is kept for seven more days, and then deleted.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LENGTH: Final = timedelta(days=7)
REMINDER: Final = timedelta(days=2)
KEPT: Final = timedelta(days=7)
PLAN_FAMILY: Final = "hobbyist"


class Phase(StrEnum):
    """Where a trial is."""

    RUNNING = "running"
    ENDING = "ending"  # the last two days
    OVER = "over"  # powered off, data kept
    FORFEITED = "forfeited"  # the data is deleted


def phase(ends_at: datetime, now: datetime) -> Phase:
    """Return where a trial is that ends at ``ends_at``. Time moves a trial forward only."""
    if now >= ends_at + KEPT:
        return Phase.FORFEITED
    if now >= ends_at:
        return Phase.OVER
    return Phase.ENDING if now >= ends_at - REMINDER else Phase.RUNNING


def days_left(until: datetime, now: datetime) -> int:
    """Return how many days are left, the last begun one counted; 0 when it is over."""
    return max(0, math.ceil((until - now) / timedelta(days=1)))


def in_days(days: int) -> str:
    """Write a number of days."""
    return "1 day" if days == 1 else f"{days} days"
