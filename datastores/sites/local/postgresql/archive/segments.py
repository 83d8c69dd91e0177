"""Names and positions of PostgreSQL's log files: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

SEGMENT_BYTES: Final = 16 * 1024**2
PER_LOG: Final = 0x1_0000_0000 // SEGMENT_BYTES  # files of 16 MiB in 4 GiB
NAME: Final = re.compile(r"[0-9A-F]{24}")


def position(lsn: str) -> int:
    """Return a position such as 0/3000028 as a number of bytes."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def number_of(name: str) -> int | None:
    """Return the running number of a log file, the same on every timeline; None for a name of something else."""
    match = NAME.match(name)
    if match is None or (len(name) > 24 and name[24] not in "-."):
        return None
    return int(name[8:16], 16) * PER_LOG + int(name[16:24], 16)


def file_number(at: int) -> int:
    """Return the number of the file that holds the last byte before position ``at``."""
    return (at - 1) // SEGMENT_BYTES


def part_of_name(number: int) -> str:
    """Return a file's name without its timeline: 16 digits."""
    return f"{number // PER_LOG:08X}{number % PER_LOG:08X}"


def first_missing(numbers: Iterable[int], first: int, last: int) -> int | None:
    """Return the first number from ``first`` to ``last`` that is not there; None where all of them are."""
    there = set(numbers)
    return next((number for number in range(first, last + 1) if number not in there), None)
