"""Which nodes are to be watched, as the rows say."""

from __future__ import annotations

import functools
import itertools
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from datastores.models import DataStore, Node
from datastores.models.store import SHOULD_RUN
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.monitor.repeated import Repeated
from datastores.sites.local.places import place_of

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


_ROWS = Repeated(
    lambda: (
        Node.objects.filter(store__region__site__kind="local", store__state__in=SHOULD_RUN, state__in=WATCHED)
        .exclude(port=None)
        .order_by()
        .values_list("pk", "port", "role", "store_id", "store__engine", "store__plan__node_count")
    )
)


def watched_nodes() -> Iterable[Facts]:
    """Return the nodes of stores that should run: one query.

    What follows from a row is worked out once, not every second: of a thousand nodes that was four fifths of all that
    watching cost.
    """
    return itertools.starmap(_facts, _ROWS.ask())


@functools.lru_cache(maxsize=10_000)
def _facts(pk: uuid.UUID, port: int, role: str, store: uuid.UUID, engine: str, planned: int) -> Facts:
    place = place_of(Node(pk=pk, port=port), machine().home)
    return Facts(
        node=pk,
        store=store,
        engine=engine,
        place=place,
        vital=replicating_engine(DataStore(engine=engine)).vital(place),
        is_primary=role == Node.Role.PRIMARY,
        has_standbys=planned > 1,
    )
