"""What the rows say of the stores that have, or should have, standbys: read with one query every second."""

from __future__ import annotations

import itertools
import operator
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from datastores.models import Node, Operation
from datastores.models.store import SHOULD_RUN
from datastores.sites.local.edge.slots import MOST_SERVERS
from datastores.sites.local.monitor.repeated import Repeated


class Said(NamedTuple):
    """One node, and what its store's row says beside it.

    readers  the ports to which the store's second address leads; None where it has none
    busy     an operation has the store to itself
    """

    store: uuid.UUID
    engine: str
    planned: int
    suspended: datetime | None
    readers: list[int] | None
    node: uuid.UUID
    port: int | None
    role: str
    state: str
    counted: bool
    following: bool
    lag_bytes: int | None
    lag_seconds: float | None
    measured_at: datetime | None
    busy: bool


_of_store = ("engine", "plan__node_count", "guarantee_suspended_since", "reader_slot__reader_ports")
_of_node = ("pk", "port", "role", "state", "counted", "following", "lag_bytes", "lag_seconds", "measured_at")
_standbys = Node.objects.filter(store=OuterRef("store"), role=Node.Role.STANDBY)
_ROWS = Repeated(
    lambda: (
        Node.objects.filter(store__region__site__kind="local", store__state__in=SHOULD_RUN)
        .filter(Q(store__plan__node_count__gt=1) | Exists(_standbys))
        .order_by("store", "number")
        .values_list(
            "store_id",
            *(f"store__{name}" for name in _of_store),
            *_of_node,
            Exists(Operation.objects.active().foreground().filter(store=OuterRef("store"))),
        )
    )
)


def said_of_stores() -> dict[uuid.UUID, list[Said]]:
    """Return the nodes of each store, by number."""
    rows = itertools.starmap(Said, _ROWS.ask())
    return {store: list(nodes) for store, nodes in itertools.groupby(rows, operator.attrgetter("store"))}


def is_whole(nodes: Sequence[Said]) -> bool:
    """Whether the rows leave nothing to be done: each node of the plan serves, each standby follows and answers reads,
    the guarantee holds, and nobody works on the store."""
    standbys = [node for node in nodes if node.role == Node.Role.STANDBY]
    ports = sorted(node.port for node in standbys if node.port is not None)
    return (
        len(nodes) == nodes[0].planned == len(standbys) + 1
        and nodes[0].suspended is None
        and not nodes[0].busy
        and nodes[0].readers in (None, ports[:MOST_SERVERS])
        and all(node.state == Node.State.UP and node.port is not None for node in nodes)
        and all(node.following for node in standbys)
    )
