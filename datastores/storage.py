"""Decides from a data store's disk use whether its writes stop and what people are told. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIB: Final = 1024**3
READ_ONLY_PERCENT: Final = 97  # the rest is for the log of what deletes, and for a clean restart
WRITABLE_PERCENT: Final = 90  # writes come back below this
WARNINGS: Final = (80, 90, READ_ONLY_PERCENT)
# A threshold that was told is forgotten this many points below it: use that swings around it is told once.
FORGET_POINTS: Final = 2


@dataclass(frozen=True)
class Disk:
    """What is known of a store's disk: sizes in bytes, the highest threshold that was told, and whether writes are stopped."""

    used: int
    size: int
    told: int = 0
    read_only: bool = False


@dataclass(frozen=True)
class Verdict:
    """What should be: whether writes are stopped, the threshold to remember, and what to tell now."""

    read_only: bool
    told: int
    warn: int  # the threshold to tell of now; 0 where there is nothing new
    relieved: bool  # tell that writes work again


def percent(used: int, size: int) -> float:
    """Return how full the disk is; more than 100 is possible, since the plan's size is no partition."""
    return 100 * used / size


def level(used: int, size: int) -> int:
    """Return the highest threshold that is reached; 0 below all of them."""
    return max((step for step in WARNINGS if reached(used, size, step)), default=0)


def reached(used: int, size: int, step: int) -> bool:
    """Say whether use is at ``step`` percent or above, in whole numbers: no rounding at the threshold."""
    return used * 100 >= size * step


def decide(disk: Disk) -> Verdict:
    """Return what should be.

    Writes stop at 97 % and come back below 90 %, never in between. A threshold is told once, the highest one only,
    and again only after use fell below it. 97 is told exactly while writes are stopped.
    """
    read_only = reached(disk.used, disk.size, WRITABLE_PERCENT if disk.read_only else READ_ONLY_PERCENT)
    now = READ_ONLY_PERCENT if read_only else level(disk.used, disk.size)
    told = max(now, _remembered(disk, read_only=read_only))
    return Verdict(
        read_only=read_only,
        told=told,
        warn=told if told > disk.told else 0,
        relieved=disk.told == READ_ONLY_PERCENT and not read_only,
    )


def _remembered(disk: Disk, *, read_only: bool) -> int:
    """Return the highest threshold told before that use has not fallen clearly below."""
    told = [step for step in WARNINGS if step <= disk.told and (read_only or step != READ_ONLY_PERCENT)]
    return max((step for step in told if reached(disk.used, disk.size, step - FORGET_POINTS)), default=0)
