"""Which snapshots of a log in a bucket are needed, and which part of it is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from datastores.sites.local.archive.restic import Snapshot
from datastores.sites.local.mysql.archive.segments import (
    Segment,
    hole,
    needless,
    segments,
    superseded,
    tags,
    wanted,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def kept(*ranges: tuple[int, int]) -> list[Segment]:
    """Return snapshots of these files, one a minute, each with everything up to its own minute."""
    times = [BEGIN + timedelta(minutes=number) for number in range(len(ranges))]
    found = [
        Snapshot(f"{first}-{last}", time, ("/log",), tags(first, last, time.isoformat()))
        for (first, last), time in zip(ranges, times, strict=True)
    ]
    return segments([Snapshot("clone", BEGIN, ("/",), {"kind": "clone", "log": "1"}), *found])


def names(found: list[Segment]) -> list[str]:
    return [each.snapshot.id for each in found]


GROWN = kept((1, 1), (1, 2), (1, 3), (3, 4), (3, 5), (3, 5))


def test_a_later_copy_stands_for_the_ones_that_it_holds() -> None:
    assert names(superseded(GROWN)) == ["1-1", "1-2", "3-4", "3-5"]
    assert [(each.first, each.last) for each in wanted(GROWN, 1, None)] == [(1, 3), (3, 5)]


def test_a_restore_takes_what_its_backup_needs_up_to_its_moment() -> None:
    long = kept((1, 3), (3, 6), (6, 9))
    assert names(wanted(long, 4, None)) == ["3-6", "6-9"]
    assert names(wanted(long, 1, BEGIN + timedelta(seconds=30))) == ["1-3", "3-6"]
    assert names(wanted(long, 1, BEGIN)) == ["1-3"]
    assert wanted(long, 10, None) == []


def test_what_no_backup_needs_goes_but_for_the_newest() -> None:
    long = kept((1, 2), (1, 3), (3, 6), (6, 9))
    assert names(needless(long, 4)) == ["1-2", "1-3"]
    assert names(needless(long, 100)) == ["1-2", "1-3", "3-6"]


@pytest.mark.parametrize(
    ("ranges", "missing"),
    [
        ([(1, 3), (3, 9)], None),
        ([(1, 3), (5, 9)], 4),
        ([(3, 9)], 2),
        ([(1, 5)], 9),
        ([(1, 1), (3, 3), (6, 12)], 5),
        ([(20, 30)], 9),
        ([], 9),
    ],
)
def test_a_hole_is_found_by_its_end(ranges: list[tuple[int, int]], missing: int | None) -> None:
    assert hole(ranges, 1, 9) == missing
