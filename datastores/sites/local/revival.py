"""Bringing this machine's data stores back as they were, after a restart of the machine or `down --all`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import transaction

from console.errors import Refusal
from console.services.installation import last_word
from datastores.models import Node
from datastores.models.store import SHOULD_RUN
from datastores.sites.local import addresses
from datastores.sites.local.edge_service import EDGE_SERVICE, edge_service
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.nodes import restart_node
from datastores.sites.local.places import NODE_PREFIX, place_of
from host.supervisor import State, SupervisionError, Wanted
from host.trees import TreeError
from host.waiting import wait_until

# A fenced node comes back as a standby only, by the operation that replaces it; one that is being made, by its own.
NOT_OURS = (Node.State.FENCED, Node.State.JOINING, Node.State.PLANNED)
EDGE_SECONDS = 10.0
READY_SECONDS = 30.0  # together; a large log to replay takes longer, and then the page says what is going on
STOP_SECONDS = 60.0
STOP_AT_ONCE = 8


def revive() -> list[str]:
    """Start edge and nodes that should run and do not; a sentence for each data store that was started.

    What runs is left alone. A node that an operation has stopped, or never started, is that operation's
    business.
    """
    parts = machine()
    start_edge(parts)
    started: list[Node] = []
    failed: list[str] = []
    for node in _nodes():
        try:
            if _start(parts, node):
                started.append(node)
        except (SupervisionError, TreeError, OSError) as error:  # one broken node must not keep the others down
            failed.append(f"{node.store.name} could not be started: {error}")
    deadline = time.monotonic() + READY_SECONDS
    return failed + [_outcome(parts, node, max(0.0, deadline - time.monotonic())) for node in started]


def start_edge(parts: Machine) -> None:
    """Write the edge's files from the rows and have it running with them."""
    with transaction.atomic():
        addresses.lock_edge()
        parts.edge.write(addresses.edge_slots())
        parts.supervisor.write(edge_service(parts))
        parts.supervisor.start(EDGE_SERVICE)
        if not wait_until(parts.edge.answering, EDGE_SECONDS):
            log = parts.home.log / EDGE_SERVICE / "current"
            raise Refusal(
                f"The edge does not start, so no data store can be reached. {last_word(log)}",
                f"Data is safe. Its log is {log}; start again once the cause is gone.",
            )
        parts.edge.sync(addresses.edge_slots())


def stop_all() -> list[str]:
    """Stop every node and the edge, cleanly; their names. Rows stay: the next `revive` starts them again."""
    parts = machine()
    names = [name for name in parts.supervisor.names() if name.startswith(NODE_PREFIX)]
    stopped = [*names, EDGE_SERVICE] if EDGE_SERVICE in parts.supervisor.names() else names
    with ThreadPoolExecutor(STOP_AT_ONCE) as pool:
        list(pool.map(lambda name: parts.supervisor.retire(name, STOP_SECONDS), stopped))
    return stopped


def _nodes() -> list[Node]:
    local = Node.objects.filter(store__region__site__kind="local").exclude(port=None)
    return list(local.select_related("store__plan", "store__region__site"))


def _start(parts: Machine, node: Node) -> bool:
    """Start one node where it should run and does not; True when it was started."""
    place = place_of(node, parts.home)
    status = parts.supervisor.status(place.name)
    wanted = node.store.state in SHOULD_RUN or (status.state != State.ABSENT and status.wanted == Wanted.UP)
    if status.state == State.UP or not wanted or not place.data.exists() or node.state in NOT_OURS:
        return False
    engine = local_engine(node.store)
    if status.state != State.ABSENT:
        parts.supervisor.stop(place.name, STOP_SECONDS)  # ends what an earlier supervisor left behind
        engine.forget_locks(place)
    restart_node(parts, node)
    return True


def _outcome(parts: Machine, node: Node, seconds: float) -> str:
    place, engine = place_of(node, parts.home), local_engine(node.store)
    if wait_until(lambda: engine.ready(place), seconds):
        return f"{node.store.name} runs again."
    return f"{node.store.name} was started and does not answer yet; its log is {settings.HOME.log / place.name}."
