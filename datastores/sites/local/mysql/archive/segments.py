"""Which snapshots in a bucket hold which files of the log, and which of them are needed: pure functions.

A segment is one snapshot of the folder in which log waits: the files ``first`` to ``last``, all of them. While it grows it is copied
again and again, and each copy holds everything that the one before did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from datastores.sites.local.archive.restic import Snapshot

KIND: Final = "log"


@dataclass(frozen=True)
class Segment:
    """``until``: a second up to which everything is in these files or before them, where one is known."""

    snapshot: Snapshot
    first: int
    last: int
    until: datetime | None

    def holds(self, other: Segment) -> bool:
        """Say whether it is a later copy with everything that the other has."""
        later = (self.snapshot.time, self.snapshot.id) > (other.snapshot.time, other.snapshot.id)
        return later and self.first <= other.first and other.last <= self.last


def tags(first: int, last: int, until: str) -> dict[str, str]:
    """Return what is noted beside a segment. ``until`` is in ISO 8601, or empty."""
    second = int(datetime.fromisoformat(until).timestamp()) if until else 0
    return {"kind": KIND, "first": str(first), "last": str(last), "until": str(second)}


def segments(snapshots: Iterable[Snapshot]) -> list[Segment]:
    """Return those of the snapshots that are log, in the order of their files."""
    found = [_segment(snapshot) for snapshot in snapshots if snapshot.tags.get("kind") == KIND]
    return sorted(found, key=lambda each: (each.first, each.last, each.snapshot.time))


def superseded(found: Sequence[Segment]) -> list[Segment]:
    """Return the segments that a later copy holds as a whole."""
    return [each for each in found if any(other.holds(each) for other in found)]


def needless(found: Sequence[Segment], first: int) -> list[Segment]:
    """Return what goes when nothing before the file ``first`` is needed. The newest segment stays: it says how far the log is."""
    old, newest = superseded(found), max((each.last for each in found), default=0)
    return [each for each in found if each in old or (each.last < first and each.last < newest)]


def wanted(found: Sequence[Segment], first: int, moment: datetime | None) -> list[Segment]:
    """Return what a restore needs: the log from the file ``first`` on, up to ``moment``."""
    old, chosen = superseded(found), []
    for each in found:
        if each in old or each.last < first:
            continue
        chosen.append(each)
        if moment and each.until and each.until >= moment:
            break
    return chosen


def hole(ranges: Iterable[tuple[int, int]], first: int, last: int) -> int | None:
    """Return the last file from ``first`` to ``last`` that is in none of the ranges; None where each is in one."""
    reached, missing = first - 1, None
    for begin, end in sorted(ranges):
        if begin > reached + 1 and reached < last:
            missing = min(begin - 1, last)
        reached = max(reached, end)
    return last if reached < last else missing


def _segment(snapshot: Snapshot) -> Segment:
    first, last, until = (int(snapshot.tags[name]) for name in ("first", "last", "until"))
    return Segment(snapshot, first, last, datetime.fromtimestamp(until, UTC) if until else None)
