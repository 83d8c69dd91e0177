"""Which backups a plan's promise still needs, and what can be restored: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DELETED_DAYS: Final = 7  # how long the archive of a deleted data store is kept


@dataclass(frozen=True)
class Kept:
    """A complete backup in an archive. One that is damaged can't be relied on, so it keeps no other from being needed."""

    label: str
    finished: datetime  # the first moment that can be restored with it
    damaged: bool = False


@dataclass(frozen=True)
class Window:
    """Every second from ``start`` to ``end`` can be restored."""

    start: datetime
    end: datetime


def expired(backups: Sequence[Kept], *, now: datetime, history: timedelta) -> list[str]:
    """Return the labels of the backups that nothing promised needs any more, oldest first.

    To restore a moment takes a good backup that was finished before it, and the log from there on. So the newest
    good backup that is at least ``history`` old is the oldest that counts; what is older than that one goes.
    Without such a backup nothing goes. A history of zero keeps one good backup: the single one for disaster recovery.

    Invariants: what goes is older than everything that stays; every moment of the history that could be restored
    before can be restored afterwards; where there was a good backup there is one afterwards.
    """
    good = [kept.finished for kept in backups if not kept.damaged and kept.finished <= now - history]
    if not good:
        return []
    oldest = max(good)
    return [kept.label for kept in sorted(backups, key=lambda kept: kept.finished) if kept.finished < oldest]


def window(
    backups: Sequence[Kept],
    *,
    now: datetime,
    history: timedelta,
    archived_until: datetime | None,
    unbroken_since: datetime | None = None,
) -> Window | None:
    """Return the moments that can be restored to the second; None where there are none.

    It begins with the oldest good backup since which no log is missing, but not before the plan's history, and ends
    with the last moment whose log is archived.
    """
    if archived_until is None:
        return None
    good = [kept.finished for kept in backups if not kept.damaged]
    usable = [finished for finished in good if unbroken_since is None or finished >= unbroken_since]
    if not usable:
        return None
    start = max(min(usable), now - history) if history else min(usable)
    return Window(start, archived_until) if start <= archived_until else None


def base_of(backups: Sequence[Kept], moment: datetime) -> str | None:
    """Return the label of the backup from which ``moment`` is restored: the newest good one before it."""
    before = [kept for kept in backups if not kept.damaged and kept.finished <= moment]
    return max(before, key=lambda kept: kept.finished).label if before else None
