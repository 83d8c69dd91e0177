"""Which nodes are to be watched, as the rows say."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from datastores.models import DataStore, Node
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of

SHOULD_RUN = (DataStore.State.RUNNING, DataStore.State.UNREACHABLE)
WATCHED = (Node.State.UP, Node.State.DOWN)


@dataclass(frozen=True)
class Facts:
    """One node.

    vital  a file whose absence means that the data are lost
    has_standbys  its store should have some, so that a failover is possible
    """

    node: uuid.UUID
    store: uuid.UUID
    engine: str
    place: Place
    vital: Path
    is_primary: bool
    has_standbys: bool


class FailureKind(StrEnum):
    """How a node was seen to fail."""

    EXIT = "exit"
    HANG = "hang"
    DATA_LOST = "data_lost"


@dataclass(frozen=True)
class Failure:
    """What was noticed. ``at``: when it happened, as far as that is known, in seconds since 1970."""

    kind: FailureKind
    at: float

    @property
    def sentence(self) -> str:
        """The words for the history."""
        return {
            FailureKind.EXIT: "The server's process ended.",
            FailureKind.HANG: "The server stopped answering.",
            FailureKind.DATA_LOST: "The data directory is gone or damaged.",
        }[self.kind]


def watched_nodes() -> Iterable[Facts]:
    """Return the nodes of stores that should run: one query."""
    rows = Node.objects.filter(
        store__region__site__kind="local", store__state__in=SHOULD_RUN, state__in=WATCHED
    ).exclude(port=None)
    home = machine().home
    for node in rows.select_related("store__plan").only("port", "role", "store__engine", "store__plan__node_count"):
        place = place_of(node, home)
        yield Facts(
            node=node.pk,
            store=node.store_id,
            engine=node.store.engine,
            place=place,
            vital=replicating_engine(node.store).vital(place),
            is_primary=node.role == Node.Role.PRIMARY,
            has_standbys=node.store.plan.node_count > 1,
        )
