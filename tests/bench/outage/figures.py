"""What follows from the acknowledgements that a client received: how long it waited, and what it lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


class NeverServedError(Exception):
    """No acknowledgement came after the fault, so that there is no outage to tell the length of."""


@dataclass(frozen=True)
class Acknowledgement:
    """A row that the server said it had committed; ``at`` is the client's monotonic time in seconds."""

    number: int
    at: float


def longest_gap(acknowledgements: Sequence[Acknowledgement], fault: float, end: float) -> float:
    """Return the seconds of the longest time without an acknowledgement that ended after the fault.

    The gap that the fault falls into counts in full, from the last acknowledgement before it: the client can't know
    what was on its way. So does the time from the last one to ``end``, when the client was stopped.
    Raises NeverServedError where nothing was acknowledged after the fault.
    """
    times = [one.at for one in acknowledgements]
    if not times or times[-1] <= fault:
        raise NeverServedError(f"{len(times)} rows were acknowledged before the fault and none after it.")
    return max(later - earlier for earlier, later in pairwise([*times, end]) if later > fault)


def lost(acknowledgements: Iterable[Acknowledgement], found: Collection[int]) -> list[int]:
    """Return the numbers that were acknowledged and are not there at the end. Rows that are there without an
    acknowledgement are nobody's loss: the answer went missing, not the row."""
    return sorted({one.number for one in acknowledgements}.difference(found))


def served(acknowledgements: Sequence[Acknowledgement], fault: float, seconds: float, now: float) -> bool:
    """Say whether the client was acknowledged rows after the fault, and all along the last ``seconds``."""
    recent = [one.at for one in acknowledgements[-2000:] if one.at > max(fault, now - seconds)]
    return bool(recent) and recent[0] - max(fault, now - seconds) < seconds / 2 and now - recent[-1] < seconds / 2
