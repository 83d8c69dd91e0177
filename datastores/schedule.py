"""When a data store is backed up and proved: pure functions over times, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

DAY_SECONDS: Final = 86_400
# 2^64 divided by the golden ratio: its multiples spread more evenly over the circle than those of any other
# number, however many there are (Knuth, The Art of Computer Programming, volume 3, section 6.4).
GOLDEN: Final = 11_400_714_819_323_198_485
CIRCLE: Final = 1 << 64
RETRY_AFTER: Final = timedelta(minutes=15)  # a backup that failed is tried again after so long
BEAT_SECONDS: Final = (
    50  # a store that changes is marked in its log so often, since a commit is to be archived within a minute
)
IDLE_BEAT_SECONDS: Final = 240  # one that does not change, so that its window still ends within five minutes
LOG_SECONDS: Final = 50  # a log file that is not full is closed and archived after so long
SILENCE: Final = timedelta(minutes=10)  # twice the five minutes within which a log file must arrive
# Backups that wait for so long are more than the machine can do while it rests for clients.
LATE: Final = timedelta(hours=1)
NO_BACKUP: Final = timedelta(hours=26)
NO_PROOF: Final = timedelta(hours=48)


def daily_second(number: int) -> int:
    """Return the second of the day (UTC) at which the store with this running number is backed up.

    Consecutive numbers fall into the largest gaps that the earlier ones have left, so the day is evenly filled
    at any time: no five minutes ever hold one and a half times the mean of many stores.
    """
    return (number * GOLDEN % CIRCLE) * DAY_SECONDS // CIRCLE


def next_daily(after: datetime, second: int) -> datetime:
    """Return the first moment later than ``after`` that is ``second`` seconds into a day of UTC."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    today = midnight + timedelta(seconds=second)
    return today if today > after else today + timedelta(days=1)


def beat_is_due(*, since_last: float | None, changed: bool) -> bool:
    """Say whether a store is marked in its log now. ``since_last`` is in seconds, None before the first mark."""
    if since_last is None:
        return True
    return since_last >= (BEAT_SECONDS - 5 if changed else IDLE_BEAT_SECONDS - 5)
