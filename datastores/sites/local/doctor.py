"""Comparing what the rows say with what this machine holds: services, processes, directories, ports, the edge.

Stores that an operation works on are left alone: the operation itself is making them right. Nothing of a
tenant's data is ever deleted here; a directory that no row knows is moved aside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from console.errors import Refusal
from datastores.models import DataStore, Node, Operation
from datastores.models.store import SHOULD_RUN
from datastores.sites.local import addresses
from datastores.sites.local.archive import loss
from datastores.sites.local.engine import Place
from datastores.sites.local.machine import Machine
from datastores.sites.local.nodes import restart_node
from datastores.sites.local.places import NODE_PREFIX, place_of
from host.processes import end_all, processes_below
from host.supervisor import State, Wanted

SHOULD_REST = (DataStore.State.POWERED_OFF,)
KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Finding:
    """One difference between the rows and the machine, in words, and what puts it right."""

    sentence: str
    remedy: str
    repair: Callable[[], None]


def examine(machine: Machine) -> list[Finding]:
    """Return every difference. Reading only."""
    return [
        *_orphaned_services(machine),
        *_orphaned_directories(machine),
        *_nodes(machine),
        *_edge(machine),
        *_abandoned_operations(),
    ]


def _nodes_at_rest() -> list[Node]:
    """Return the nodes of this site on whose store nothing is being done."""
    local = Node.objects.filter(store__region__site__kind="local").exclude(port=None)
    local = local.exclude(state__in=(Node.State.FENCED, Node.State.JOINING))  # the monitor replaces them
    busy = Operation.objects.busy_stores()
    return list(local.exclude(store_id__in=busy).select_related("store__plan", "store__region__site"))


def _known_places(machine: Machine) -> dict[str, Place]:
    """Return the places of all nodes that have a row, by service name."""
    places = (place_of(node, machine.home) for node in Node.objects.exclude(port=None))
    return {place.name: place for place in places}


def _orphaned_services(machine: Machine) -> Iterator[Finding]:
    """Services of nodes that no row knows."""
    # What there is first, the rows after it: a node's row is older than all that it names.
    names = machine.supervisor.names()
    known = _known_places(machine)
    for name in names:
        if name.startswith(NODE_PREFIX) and name not in known:
            yield Finding(
                f"The service {name} belongs to no data store.",
                "Stop and remove it.",
                lambda name=name: machine.supervisor.remove(name, KILL_SECONDS),  # type: ignore[misc]
            )


def _orphaned_directories(machine: Machine) -> Iterator[Finding]:
    """Node directories and sockets that no row knows."""
    directories_there, sockets_there = (
        list(machine.home.nodes.iterdir()),
        list(machine.home.run.glob(f"{NODE_PREFIX}*")),
    )
    known = _known_places(machine).values()
    directories, sockets = {place.directory for place in known}, {place.sockets for place in known}
    for path in sorted(directories_there):
        if path not in directories:
            yield Finding(
                f"The directory {path.name} below nodes/ belongs to no data store.",
                "End what runs in it and move it to lost/.",
                lambda path=path: _move_aside(machine, path),  # type: ignore[misc]
            )
    for path in sorted(sockets_there):
        if path not in sockets:
            yield Finding(
                f"The socket directory {path.name} belongs to no data store.",
                "Remove it.",
                lambda path=path: _remove_sockets(path),  # type: ignore[misc]
            )


def _move_aside(machine: Machine, directory: Path) -> None:
    """End every process in a directory and move it to ``lost/``, with the time in its name."""
    if not directory.exists():  # a deletion has ended meanwhile
        return
    end_all(directory, KILL_SECONDS)
    lost = machine.home.root / "lost"
    lost.mkdir(mode=0o700, exist_ok=True)
    directory.rename(lost / f"{directory.name}-{timezone.now():%Y%m%dT%H%M%S}")


def _remove_sockets(directory: Path) -> None:
    """Delete a directory that holds nothing but sockets and locks."""
    if not directory.exists():
        return
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()


def _nodes(machine: Machine) -> Iterator[Finding]:
    """Nodes whose process is not as their store's state wants it."""
    for node in _nodes_at_rest():
        place = place_of(node, machine.home)
        status = machine.supervisor.status(place.name)
        if node.store.state in SHOULD_RUN:
            yield from _should_run(machine, node, place, up=status.state == State.UP and status.wanted == Wanted.UP)
        elif node.store.state in SHOULD_REST and (status.state == State.UP or processes_below(place.data)):
            yield Finding(
                f"{node.store} is powered off, but its server runs.",
                "Stop it cleanly.",
                lambda node=node, name=place.name: _repair(  # type: ignore[misc]
                    node, SHOULD_REST, lambda _node: machine.supervisor.stop(name)
                ),
            )


def _should_run(machine: Machine, node: Node, place: Place, *, up: bool) -> Iterator[Finding]:
    """A node that should run: its data must be there and its service up."""
    if not place.data.exists():
        yield Finding(
            f"The data directory of {node} is gone.",
            "Have it restored from its backup, where there is one.",
            lambda node=node: _restore(node),  # type: ignore[misc]
        )
    elif not up:
        yield Finding(
            f"{node.store} should be running, but its server is not up.",
            "Write its service again and start it.",
            lambda node=node: _repair(node, SHOULD_RUN, lambda now: restart_node(machine, now)),  # type: ignore[misc]
        )


@transaction.atomic
def _repair(node: Node, states: Collection[str], repair: Callable[[Node], object]) -> None:
    """Repair a node as its row is now, not as it was read: earlier repairs take time, and people go on meanwhile.

    Its store is held so that no operation begins; one that has begun, or another state, leaves nothing to repair.
    """
    store = DataStore.objects.select_for_update().filter(pk=node.store_id, state__in=states).first()
    if store is not None and store.running_operation() is None:
        repair(Node.objects.select_related("store__plan", "store__region__site").get(pk=node.pk))


def _restore(node: Node) -> None:
    """Open the restore; a store without a good backup stays as it is."""
    with contextlib.suppress(Refusal):
        loss.open_restore(node.store, "doctor")


def _edge(machine: Machine) -> Iterator[Finding]:
    """Slots of the running proxy that are not as their rows say."""
    with transaction.atomic():
        addresses.lock_edge()  # the monitor leads readers elsewhere at any time: rows and edge change together
        differences = machine.edge.differences(addresses.edge_slots())
    for difference in differences:
        yield Finding(difference, "Make the edge equal to the rows.", lambda: addresses.sync_edge(machine))


def _abandoned_operations() -> Iterator[Finding]:
    """Stores that say something is under way although no operation works on them."""
    under_way = (
        DataStore.State.CREATING,
        DataStore.State.POWERING_OFF,
        DataStore.State.POWERING_ON,
        DataStore.State.DELETING,
    )
    active = Operation.objects.busy_stores()
    for store in DataStore.objects.filter(state__in=under_way).exclude(pk__in=active):
        yield Finding(
            f"{store} is {store.get_state_display().lower()}, but nothing works on it.",
            "Mark it as failed, so that its page offers what to do next.",
            lambda store=store: _give_up(store),  # type: ignore[misc]
        )


@transaction.atomic
def _give_up(store: DataStore) -> None:
    """Mark a store as failed, unless it has changed or something works on it meanwhile."""
    now = DataStore.objects.select_for_update().filter(pk=store.pk, state=store.state).first()
    if now is not None and now.running_operation() is None:
        now.set_state(DataStore.State.FAILED, "The operation that worked on it ended.")
