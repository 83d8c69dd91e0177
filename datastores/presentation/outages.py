"""Every change of the primary as history, and what was measured of them against what the plan promises."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.templatetags.ui import milliseconds
from datastores.engines.registry import ENGINES
from datastores.limits import Promise
from datastores.models import DataStore, Failover
from datastores.presentation.states import Badge

Kind = Failover.Kind
CONSIDERED = 500  # the latest changes of which figures are made
PHASES = {"detect": "detect", "fence": "fence", "promote": "promote", "repoint": "re-point", "reconnect": "reconnect"}


@dataclass(frozen=True)
class Change:
    """One line of the history."""

    row: Failover
    badge: Badge
    path: str  # from which node to which
    phases: list[tuple[str, str]]
    outage: str
    writes: str
    lossless: str
    redundancy: str


@dataclass(frozen=True)
class Measured:
    """The outages of one kind of change against its promise."""

    label: str
    count: int
    p50: str
    p95: str
    promise: str
    verdict: Badge | None  # None where nothing is promised
    lost: str


def changes_of(rows: Iterable[Failover]) -> list[Change]:
    """Return the lines of the history."""
    return [_change(row) for row in rows]


def measured_of(store: DataStore, rows: Sequence[Failover]) -> list[Measured]:
    """Return the figures per kind; kinds of which no outage was measured are left out."""
    found = []
    for kind in Kind:
        mine = [row for row in rows if row.kind == kind]
        outages = [row.outage_ms for row in mine if row.outage_ms is not None]
        if outages:
            promise = promise_of(store, kind)
            found.append(
                Measured(
                    label=kind.label,
                    count=len(outages),
                    p50=milliseconds(statistics.median(outages)),
                    p95=milliseconds(percentile(outages, 95)),
                    promise=promise_words(promise),
                    verdict=_verdict(outages, promise),
                    lost=_lost(mine),
                )
            )
    return found


def headline(store: DataStore) -> Promise | None:
    """Return the promise that the plot shows: for a process that dies, failed over or (single node) restarted."""
    return promise_of(store, Kind.FAILOVER if store.plan.node_count > 1 else Kind.RESTART)


def promise_of(store: DataStore, kind: Failover.Kind) -> Promise | None:
    """Return what the store's plan promises for a kind of change."""
    engine = ENGINES.get(store.engine)
    return engine.outages.get(kind.value) if engine else None


def promise_words(promise: Promise | None) -> str:
    """Return a promise as a page writes it."""
    if promise is None:
        return "none"
    worst = f", at most {milliseconds(promise.worst_ms)}" if promise.worst_ms is not None else ""
    return f"median {milliseconds(promise.median_ms)}{worst}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of ``values`` that at least ``percent`` of them do not exceed (nearest rank).

    Of fewer than twenty, the 95th is the largest. Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def _change(row: Failover) -> Change:
    planned = row.kind == Kind.SWITCHOVER  # nobody has to notice it
    phases = [(phase, words) for phase, words in PHASES.items() if not (planned and phase == "detect")]
    times = [(words, getattr(row, f"{phase}_ms")) for phase, words in phases]
    same = row.new_primary == row.old_primary
    return Change(
        row=row,
        badge=_outcome(row),
        path=row.old_primary if same or not row.new_primary else f"{row.old_primary} → {row.new_primary}",
        phases=[(words, milliseconds(value)) for words, value in times],
        outage=milliseconds(row.outage_ms),
        writes=_lost([row]),
        lossless=_lossless(row),
        redundancy=milliseconds(row.redundancy_ms),
    )


def _outcome(row: Failover) -> Badge:
    if row.succeeded is None:
        return Badge("working", "Under way") if row.finished_at is None else Badge("neutral", "Not known")
    return Badge("done", "Done") if row.succeeded else Badge("failed", "Did not succeed")


def _lossless(row: Failover) -> str:
    if row.lossless is None:
        return ""
    return "nothing lost" if row.lossless else "the new primary may lack the latest writes"


def _lost(rows: Sequence[Failover]) -> str:
    """Say how many of the canary's acknowledged rows were lost, over those changes in which that was counted."""
    counted = [row for row in rows if row.rows_lost is not None and row.rows_acknowledged is not None]
    if not counted:
        return "not measured"
    lost, all_of_them = (sum(getattr(row, name) or 0 for row in counted) for name in ("rows_lost", "rows_acknowledged"))
    return f"{lost:,} of {all_of_them:,}"


def _verdict(outages: Sequence[float], promise: Promise | None) -> Badge | None:
    if promise is None:
        return None
    kept = statistics.median(outages) <= promise.median_ms
    kept = kept and (promise.worst_ms is None or max(outages) <= promise.worst_ms)
    return Badge("done", "Kept") if kept else Badge("attention", "Slower")
