"""The canary: writes numbered rows through a store's own address while its primary changes, and counts what was kept.

What it measures is what a client notices that connects again at once: the longest gap between two acknowledged
writes, and rows that were acknowledged and are not there afterwards.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from datastores.models import Failover
from datastores.sites.contract import Endpoint
from datastores.sites.local.canary import Canary
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import machine

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.003
BACK_OFF_SECONDS = 0.01
AFTERWARDS_SECONDS = 0.5
LONGEST_SECONDS = 120.0
READ_SECONDS = 10.0
LOOK_SECONDS = 0.1
# No write can go through before a standby was promoted: until then the processor is left to those who do that.
HEAD_START_SECONDS = 0.06
PLANNED = (Failover.Kind.SWITCHOVER, *Failover.DRILLS)


@dataclass
class Song:
    """The acknowledged writes of one canary: number and moment (seconds since 1970)."""

    began: float
    acknowledged: list[tuple[int, float]] = field(default_factory=list)

    def longest_gap(self) -> tuple[float, float]:
        """Return its length in seconds and when it ended. Before the first write the failure itself is the last sign."""
        moments = [self.began, *(moment for _, moment in self.acknowledged)]
        pairs = itertools.pairwise(moments)
        return max(((later - earlier, later) for earlier, later in pairs), default=(0.0, self.began))


def sing(row: Failover) -> None:
    """Write until the change is over, then save what was measured. Nothing is saved where no write ever went through."""
    row = Failover.objects.select_related("store__slot").get(pk=row.pk)
    replication = replicating_engine(row.store)
    endpoint = Endpoint(settings.EDGE_HOST, row.store.slot.port)
    planned = row.kind in PLANNED and row.finished_at is None
    song = Song(began=time.time() if planned else row.began_at.timestamp())
    if row.operation_id is not None and not planned:
        time.sleep(HEAD_START_SECONDS)
    with contextlib.closing(replication.canary(endpoint, machine().ca_file)) as bird:
        _write(row, bird, song)
        if song.acknowledged:
            _save(row, bird, song)


def _write(row: Failover, bird: Canary, song: Song) -> None:
    number = time.time_ns() // 1000
    until = time.monotonic() + LONGEST_SECONDS
    ends, look = until, 0.0
    while (now := time.monotonic()) < min(until, ends):
        number += 1
        try:
            bird.write(number)
        except Exception:  # whatever a driver raises: the primary is changing
            bird.hang_up()
            time.sleep(BACK_OFF_SECONDS)
        else:
            song.acknowledged.append((number, time.time()))
            if len(song.acknowledged) == 1:
                Failover.objects.filter(pk=row.pk).update(rows_acknowledged=1)
            time.sleep(PAUSE_SECONDS)
        if now >= look:
            look = now + LOOK_SECONDS
            if ends == until and not Failover.objects.filter(pk=row.pk, finished_at=None).exists():
                ends = now + AFTERWARDS_SECONDS


def _save(row: Failover, bird: Canary, song: Song) -> None:
    kept = _kept(bird, song)
    gap, ended = song.longest_gap()
    row.refresh_from_db()
    repointed = row.began_at.timestamp() + sum(
        (value or 0.0) / 1000 for value in (row.detect_ms, row.fence_ms, row.promote_ms, row.repoint_ms)
    )
    Failover.objects.filter(pk=row.pk).update(
        rows_acknowledged=len(song.acknowledged),
        rows_lost=None if kept is None else len({number for number, _ in song.acknowledged} - kept),
        outage_ms=gap * 1000,
        reconnect_ms=max(0.0, ended - repointed) * 1000 if row.repoint_ms is not None else None,
        finished_at=row.finished_at or timezone.now(),
    )
    with contextlib.suppress(Exception):
        bird.forget(song.acknowledged[0][0], song.acknowledged[-1][0])


def _kept(bird: Canary, song: Song) -> set[int] | None:
    """Read the rows back; None where that can't be done."""
    until = time.monotonic() + READ_SECONDS
    while time.monotonic() < until:
        try:
            return bird.numbers(song.acknowledged[0][0], song.acknowledged[-1][0])
        except Exception:  # see above
            bird.hang_up()
            time.sleep(LOOK_SECONDS)
    return None
