"""Which of the kept copies brings back which moment, and which are needed no more: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from datastores.sites.local.archive.restic import Snapshot

ENGINE, BACKUP, LOG = "cache", "backup", "log"
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reach:
    """Which seconds a copy can bring back, all of them from ``since`` to ``until``, and how it is seen to be whole:
    ``file`` has at least ``at`` bytes, for so many it had at ``until``.

    ``source``: the standby whose files were copied. They note the second in which it received a command, which is later
    than the one in which the primary answered it: so they bring back everything of before ``until``, and what came while
    they were copied, but are never cut at a moment. Empty: they are the primary's own.

    ``own``: since when the node is known to have been the primary, noted of log. Of before, it notes seconds as a standby does.
    """

    since: datetime
    until: datetime
    file: str
    at: int
    source: str = ""
    own: datetime | None = None

    def tags(self, kind: str) -> dict[str, str]:
        """Return it as notes beside a copy."""
        times = {"since": str(int(self.since.timestamp())), "until": str(int(self.until.timestamp()))}
        source = {"from": self.source} if self.source else {}
        own = {"own": str(int(self.own.timestamp()))} if self.own else {}
        return {"engine": ENGINE, "kind": kind, **times, "file": self.file, "at": str(self.at), **source, **own}


@dataclass(frozen=True)
class Unit:
    """One copy of a generation's files."""

    snapshot: Snapshot
    reach: Reach
    is_backup: bool

    @property
    def generation(self) -> str:
        """Return the folder that was copied; later copies of it hold everything that earlier ones do."""
        return self.snapshot.paths[0]


def units(snapshots: Iterable[Snapshot]) -> list[Unit]:
    """Return those of the snapshots that are a cache's, oldest first."""
    return [_unit(snapshot) for snapshot in snapshots if snapshot.tags.get("engine") == ENGINE]


def for_moment(found: Sequence[Unit], moment: datetime) -> Unit | None:
    """Return the copy from which a moment is restored fastest: the log whose snapshot is nearest before it, of the node that
    was the primary then; else what covers it, such as a later primary's log, or a backup, which does not say since when it was."""
    primary = [unit for unit in found if not unit.reach.source]
    covering = [unit for unit in primary if unit.reach.since <= moment <= unit.reach.until]
    exact = [unit for unit in covering if not unit.is_backup and (unit.reach.own or moment) <= moment]
    return max(exact or covering, key=lambda unit: (unit.reach.since, unit.reach.until), default=None)


def newest(found: Sequence[Unit]) -> Unit | None:
    """Return the copy that reaches furthest; of two that do, the primary's, which its own later log continues."""
    return max(found, key=lambda unit: (unit.reach.until, not unit.reach.source, unit.snapshot.time), default=None)


def reached(found: Sequence[Unit]) -> datetime | None:
    """Return up to where there is log; where there is none, the end of the oldest backup, from which on seconds are
    promised. Log that begins later leaves some out. None for an empty archive."""
    log = [unit.reach.until for unit in found if not unit.is_backup]
    backups = [unit.snapshot.finished or unit.snapshot.time for unit in found if unit.is_backup]
    return max(log, default=min(backups, default=None))


def superseded(found: Sequence[Unit]) -> list[Unit]:
    """Return the copies of log whose every second a later copy of the same generation brings back too."""
    last: dict[str, Unit] = {}
    for unit in found:
        if unit.generation not in last or unit.reach.until >= last[unit.generation].reach.until:
            last[unit.generation] = unit
    return [unit for unit in found if not unit.is_backup and last[unit.generation] is not unit]


def needless(found: Sequence[Unit], keep: int) -> list[Unit]:
    """Return what goes when only the newest ``keep`` backups stay: older backups, and log of before the oldest of them.

    Invariant: every second from the end of the oldest kept backup on that could be restored can still be. It is the log
    alone that brings these back, whichever node the backups were copied from.
    """
    backups = [unit for unit in found if unit.is_backup]
    kept = backups[-keep:] if keep else []
    if not kept:
        return []
    gone = {unit.snapshot.id for unit in superseded(found)}
    begin = kept[0].snapshot.finished or kept[0].snapshot.time
    return [
        unit
        for unit in found
        if (unit.is_backup and unit not in kept)
        or (not unit.is_backup and (unit.reach.until < begin or unit.snapshot.id in gone))
    ]


def _unit(snapshot: Snapshot) -> Unit:
    tags = snapshot.tags
    since, until = (datetime.fromtimestamp(int(tags[name]), UTC) for name in ("since", "until"))
    own = datetime.fromtimestamp(int(tags["own"]), UTC) if "own" in tags else None
    reach = Reach(since, until, tags["file"], int(tags["at"]), tags.get("from", ""), own)
    return Unit(snapshot, reach, tags["kind"] == BACKUP)
