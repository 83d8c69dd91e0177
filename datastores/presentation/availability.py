"""Putting the Nodes tab together: what is so, what moves, and why a control can't be used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.utils import timezone

from datastores.models import DataStore, Failover, Node
from datastores.presentation.controls import Controls
from datastores.presentation.guarantee import Guarantee, guarantee_of, is_asynchronous
from datastores.presentation.nodes import NodeRow, node_rows
from datastores.presentation.operations import OperationView
from datastores.presentation.outage_plot import OutagePlot, plot_of
from datastores.presentation.outages import CONSIDERED, Measured, headline, measured_of

State = DataStore.State
LIVE: Final = frozenset({State.RUNNING, State.UNREACHABLE})
UNFINISHED: Final = timedelta(minutes=10)  # a change that nobody finished by then is not waited for


@dataclass(frozen=True)
class NodesPage:
    """What the tab shows of the nodes. ``version`` changes whenever it would look different."""

    guarantee: Guarantee
    rows: list[NodeRow]
    moving: bool  # so that the page goes on asking
    measured: list[Measured]
    plot: OutagePlot | None
    version: str


def nodes_page(store: DataStore, nodes: Sequence[Node], work: OperationView | None, controls: Controls) -> NodesPage:
    """Return the page: one query beside those of its arguments."""
    history = list(store.failovers.order_by("-began_at")[:CONSIDERED])
    guarantee, rows = guarantee_of(store, nodes), node_rows(store, nodes)
    moving = bool(work and work.active) or _unsettled(store, nodes, guarantee) or _unfinished(history)
    still = [replace(row, measured_at=None) for row in rows]
    seen = [guarantee, still, moving, controls, work and work.version, [_mark(row) for row in history]]
    return NodesPage(
        guarantee=guarantee,
        rows=rows,
        moving=moving,
        measured=measured_of(store, history),
        plot=plot_of(history, headline(store)),
        version=hashlib.sha256(repr(seen).encode()).hexdigest()[:12],
    )


def refined(controls: Controls, store: DataStore, nodes: Sequence[Node]) -> Controls:
    """Return the controls with the reasons that only the nodes know."""
    standbys = [node for node in nodes if node.role == Node.Role.STANDBY]
    alone = f"The plan {store.plan} has a single node." if store.plan.node_count < 2 else ""
    up = any(node.state == Node.State.UP for node in standbys)
    return replace(
        controls,
        switch_over=controls.switch_over or alone or ("" if up else "No standby is up."),
        replace=controls.replace or alone or ("" if standbys else "There is no standby to replace."),
        drill=controls.drill or alone or _why_no_drill(store, nodes),
        monthly_drill=controls.monthly_drill or alone,
    )


def _why_no_drill(store: DataStore, nodes: Sequence[Node]) -> str:
    if store.guarantee_suspended_since is not None and not is_asynchronous(store):
        return "No standby has every acknowledged write now, so a drill could lose some."
    return "" if all(node.state == Node.State.UP for node in nodes) else "Not every node is up."


def _unsettled(store: DataStore, nodes: Sequence[Node], guarantee: Guarantee) -> bool:
    return store.state in LIVE and (guarantee.is_trouble or any(node.state != Node.State.UP for node in nodes))


def _unfinished(history: Sequence[Failover]) -> bool:
    since = timezone.now() - UNFINISHED
    return any(row.finished_at is None and row.began_at > since for row in history[:5])


def _mark(row: Failover) -> tuple[object, ...]:
    figures = [row.outage_ms, row.redundancy_ms, row.reconnect_ms, row.rows_acknowledged, row.rows_lost]
    return (row.pk, row.finished_at, row.succeeded, *figures)
