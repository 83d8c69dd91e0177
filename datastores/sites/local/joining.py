"""Making a node a standby of its store's primary: copied, started, caught up. Each call goes on from what there is."""

from __future__ import annotations

from datastores.models import Node
from datastores.sites.local import pool
from datastores.sites.local.engine import LocalEngine, Place
from datastores.sites.local.engines import local_engine, replicating_engine
from datastores.sites.local.machine import Machine
from datastores.sites.local.nodes import configure_node, unblock_node
from datastores.sites.local.places import place_of
from datastores.sites.local.replication import NotAnswering, Replicating
from host.waiting import wait_until

READY_SECONDS = 3.0
CATCH_UP_SECONDS = 2.0


def primary_of(node: Node) -> Node:
    """Return the primary of the node's store."""
    return node.store.nodes.get(role=Node.Role.PRIMARY)


def join(machine: Machine, node: Node) -> str | None:
    """Go on with making ``node`` a standby, for some seconds; None when it follows and has caught up, else how far it is.

    Raises CopyFailed, NotAnswering.
    """
    place, source = place_of(node, machine.home), place_of(primary_of(node), machine.home)
    replication = replicating_engine(node.store)
    prepare_primary(machine, node.store.nodes.get(role=Node.Role.PRIMARY))
    if node.state != Node.State.UP:
        node.set_state(Node.State.JOINING)
    said = _fill(machine, node, replication, place, source)
    if said is not None:
        return said
    if not wait_until(lambda: _follows(replication, place, source), CATCH_UP_SECONDS):
        return "The standby is catching up with the primary."
    node.set_state(Node.State.UP)
    return None


def prepare_primary(machine: Machine, primary: Node) -> None:
    """Have the primary know its standbys: all that are not fenced."""
    others = primary.store.nodes.exclude(pk=primary.pk).exclude(port=None).exclude(state=Node.State.FENCED)
    replication = replicating_engine(primary.store)
    replication.prepare_primary(
        place_of(primary, machine.home), [place_of(other, machine.home) for other in others.order_by("number")]
    )


def _fill(machine: Machine, node: Node, replication: Replicating, place: Place, source: Place) -> str | None:
    engine = local_engine(node.store)
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not replication.copies_while_running:
        if not place.data.exists():
            configure_node(machine, node)
            if (said := replication.copy(place, source)) is not None:
                return said
        return None if _started(machine, node, engine, place) else "The standby is starting."
    pool.take(engine, place.data)
    if not _started(machine, node, engine, place):
        return "The standby is starting."
    return replication.copy(place, source)


def _started(machine: Machine, node: Node, engine: LocalEngine, place: Place) -> bool:
    if not engine.ready(place):
        configure_node(machine, node)
        machine.supervisor.start(place.name)
    if wait_until(lambda: engine.ready(place), READY_SECONDS):
        return True
    unblock_node(machine, node)
    return False


def _follows(replication: Replicating, place: Place, source: Place) -> bool:
    try:
        standing, ahead = replication.standing(place), replication.standing(source)
    except NotAnswering:
        return False
    return standing.following and ahead.position - standing.position <= replication.close_enough
