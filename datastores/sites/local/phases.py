"""When each phase of a change of the primary ended, and what that comes to: kept in the memo, then in a Failover row."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from typing import Any, Final

from django.utils import timezone

from datastores.models import DataStore, Failover, Node, Operation

ORDER: Final = ("failed", "detect", "fence", "promote", "repoint")


def begin(failed: float | None = None) -> dict[str, float]:
    """Return the phases at the moment at which a failure is noticed; ``failed`` is when it happened (seconds since 1970)."""
    now = time.time()
    return {"failed": min(failed or now, now), "detect": now}


def note(memo: dict[str, Any], phase: str) -> None:
    """Save that a phase has ended now; a step that runs again does not move it."""
    memo["phases"].setdefault(phase, time.time())


def milliseconds(phases: dict[str, float]) -> dict[str, float]:
    """Return how long each phase took that has ended."""
    ended = [phase for phase in ORDER if phase in phases]
    pairs = itertools.pairwise(ended)
    return {f"{phase}_ms": (phases[phase] - phases[before]) * 1000 for before, phase in pairs}


def open_record(operation: Operation, store: DataStore, kind: str, *, cause: str, old_primary: str) -> Failover:
    """Write the row of a change that begins."""
    failed = datetime.fromtimestamp(operation.memo["phases"]["failed"], tz=UTC)
    return Failover.objects.create(
        store=store,
        operation=operation,
        kind=kind,
        cause=cause[:200],
        old_primary=old_primary,
        began_at=failed,
    )


def begins_now(operation: Operation) -> dict[str, float]:
    """Move the row's beginning to the moment of the change itself: waiting for the canary before is no part of it."""
    phases = begin()
    at = datetime.fromtimestamp(phases["failed"], tz=UTC)
    Failover.objects.filter(operation=operation).update(began_at=at)
    return phases


def save(operation: Operation, *, succeeded: bool, new_primary: str = "") -> None:
    """Write what was measured into the row; what the canary measures comes from there."""
    Failover.objects.filter(operation=operation).update(
        succeeded=succeeded,
        new_primary=new_primary,
        lossless=operation.memo.get("lossless"),
        finished_at=timezone.now(),
        **milliseconds(operation.memo["phases"]),
    )


def save_redundancy(store: DataStore) -> None:
    """Save how long it took until the plan's node count was reached again, once it is."""
    if store.nodes.filter(state=Node.State.UP).count() < store.plan.node_count:
        return
    last = Failover.objects.filter(store=store, redundancy_ms=None).order_by("-began_at").first()
    if last is not None:
        took = (timezone.now() - last.began_at).total_seconds() * 1000
        Failover.objects.filter(pk=last.pk).update(redundancy_ms=took)
