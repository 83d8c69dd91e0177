"""The nodes of a data store as rows: role, state, address, replication, and which writes each one holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.templatetags.ui import size
from datastores.models import DataStore, Node
from datastores.presentation.guarantee import is_asynchronous, names_of
from datastores.presentation.states import Badge, node_badge
from datastores.sites.registry import driver_of


@dataclass(frozen=True)
class NodeRow:
    """One line of the table."""

    number: int
    role: str
    badge: Badge
    since: datetime
    address: str  # internal; empty until there is one
    replication: str  # empty for a primary, which follows nobody
    lag: str
    measured_at: datetime | None
    writes: str  # which acknowledged writes it holds
    protection: str


def node_rows(store: DataStore, nodes: Sequence[Node]) -> list[NodeRow]:
    """Return the rows, the primary first."""
    ordered = sorted(nodes, key=lambda node: (node.role != Node.Role.PRIMARY, node.number))
    return [_row(store, node, nodes) for node in ordered]


def _row(store: DataStore, node: Node, nodes: Sequence[Node]) -> NodeRow:
    standby = node.role == Node.Role.STANDBY
    return NodeRow(
        number=node.number,
        role=Node.Role(node.role).label,
        badge=node_badge(node),
        since=node.state_since,
        address=driver_of(store).node_address(node),
        replication=_replication(node) if standby else "",
        lag=_lag(node) if standby else "",
        measured_at=node.measured_at if standby else None,
        writes=_writes(store, node, nodes),
        protection=node.protection,
    )


def _replication(node: Node) -> str:
    if node.measured_at is None:
        return "Not measured yet"
    return "Follows" if node.following else "Does not follow"


def _lag(node: Node) -> str:
    """Return how far behind it was: bytes or seconds that were not measured are left out, never written as 0."""
    parts = [] if node.lag_bytes is None else [size(node.lag_bytes)]
    if node.lag_seconds is not None:
        parts.append(f"{node.lag_seconds:.1f} s")
    return f"{' and '.join(parts)} behind" if parts else ""


def _writes(store: DataStore, node: Node, nodes: Sequence[Node]) -> str:
    """Say which acknowledged writes are on a node. Each one is on at least one of the counted, not on every one."""
    if node.role == Node.Role.PRIMARY:
        return "All"
    if is_asynchronous(store):
        return "All but perhaps the last instants" if node.following else "Perhaps not the latest"
    if not node.counted or store.guarantee_suspended_since is not None:
        return "Perhaps not the latest"
    others = [other for other in nodes if other.counted and other.pk != node.pk]
    return f"All, together with {names_of(others, 'and')}" if others else "All"
