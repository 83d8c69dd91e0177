"""What `manage.py status` shows: one line per service and data store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from console.services.installation import Installation
from console.services.memory import proportional_set_size, with_descendants
from datastores.models import Node
from datastores.sites.local.edge_service import EDGE_SERVICE
from datastores.sites.local.places import NODE_PREFIX, place_of
from host.supervisor import ServiceStatus, State, Wanted

WORDS = {
    (State.UP, Wanted.UP): "running",
    (State.UP, Wanted.DOWN): "stopping",
    (State.DOWN, Wanted.UP): "restarting",
    (State.DOWN, Wanted.DOWN): "stopped",
    (State.UNSUPERVISED, Wanted.UP): "not supervised",
    (State.UNSUPERVISED, Wanted.DOWN): "stopped",
    (State.ABSENT, Wanted.DOWN): "not set up",
}


@dataclass(frozen=True)
class Line:
    """One service.

    memory  proportional set size of its process and all below, in bytes
    well    whether it is as it should be
    """

    name: str
    state: str
    since: datetime | None
    pid: int | None
    memory: int
    well: bool
    of_console: bool


def overview(installation: Installation) -> list[Line]:
    """Return the console's services, the edge, then the nodes by their data stores' names."""
    supervisor = installation.supervisor
    console = [*installation.names(), EDGE_SERVICE]
    named = _stores(installation)
    nodes = [name for name in supervisor.names() if name.startswith(NODE_PREFIX)]
    statuses = {name: supervisor.status(name) for name in [*console, *nodes]}
    families = with_descendants(status.pid for status in statuses.values() if status.pid)
    lines = [
        _line(named.get(name, name), status, families, of_console=name in console) for name, status in statuses.items()
    ]
    return lines[: len(console)] + sorted(lines[len(console) :], key=lambda line: line.name)


def _line(name: str, status: ServiceStatus, families: dict[int, set[int]], *, of_console: bool) -> Line:
    up = status.state == State.UP
    # A data store that was powered off is well; a service of the console is well only while it runs.
    well = status.wanted == Wanted.UP if up else status.wanted == Wanted.DOWN and not of_console
    memory = proportional_set_size(families[status.pid]) if status.pid else 0
    word = WORDS.get((status.state, status.wanted), str(status.state))
    return Line(name, word, status.since if up else None, status.pid, memory, well, of_console)


def _stores(installation: Installation) -> dict[str, str]:
    """Return data store names by service; nothing while the console's database does not answer."""
    try:
        nodes = list(Node.objects.exclude(port=None).select_related("store__organization"))
    except DatabaseError:
        return {}
    return {
        place_of(node, installation.home).name: f"{node.store.organization.handle}/{node.store.name}" for node in nodes
    }
