"""Taking a standby out of its store: writes wait for it no longer, then its process and its data go.

The order is what keeps a promise: a standby may be the only one that holds an acknowledged write besides the primary
until ``succession`` says that it no longer counts.
"""

from __future__ import annotations

import shutil

from django.db import transaction
from django.utils import timezone

from datastores.models import DataStore, Failover, Node
from datastores.sites.local import addresses
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.joining import prepare_primary, primary_of
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from datastores.sites.local.replication import NotAnswering
from datastores.sites.local.synchrony import PrimaryChanged, converge, lock_primary, primary_lock
from datastores.succession import surplus


def surplus_of(store: DataStore) -> list[Node]:
    """Return the standbys that the store's plan has no place for, in the order in which they go."""
    standbys = {node.number: node for node in store.nodes.filter(role=Node.Role.STANDBY)}
    serving = {number: node.state == Node.State.UP and node.following for number, node in standbys.items()}
    return [standbys[number] for number in surplus(store.plan.node_count, serving)]


def stand_aside(machine: Machine, node: Node) -> bool:
    """Have writes wait for a standby no longer; False while they may still do so, or while the primary does not serve:
    then the standby may be what is left. Call it outside of a transaction."""
    if node.state != Node.State.FENCED:
        node.set_state(Node.State.DOWN)
    try:
        converge(node.store)
        serves = replicating_engine(node.store).standing(place_of(primary_of(node), machine.home)).writable
    except (NotAnswering, PrimaryChanged):
        return False
    node.refresh_from_db()
    return serves and not node.counted


def part_with(machine: Machine, node: Node) -> bool:
    """Take a standby out of its store and delete what it holds; False while that must not be (see ``stand_aside``).

    May be asked again at any time. The monitor can't bring the node back in between: it leaves a fenced one alone, and
    until the node is fenced the lock keeps the monitor from counting it. Call it outside of a transaction.
    """
    with primary_lock(node.store):
        node.refresh_from_db()
        whole = node.state == Node.State.UP
        if node.role == Node.Role.PRIMARY:
            raise PrimaryChanged
        if not stand_aside(machine, node):
            return False
        node.set_state(Node.State.FENCED)
    machine.supervisor.kill(place_of(node, machine.home).name)
    erase(machine, node, suspect=not whole)
    prepare_primary(machine, primary_of(node))
    return True


def erase(machine: Machine, node: Node, *, suspect: bool) -> None:
    """Delete a standby that was ended, with its row.

    A ``suspect`` one did not serve before: where acknowledged writes may be on it alone, its data are kept aside.
    """
    place = place_of(node, machine.home)
    machine.supervisor.remove(place.name, 0)
    if suspect and place.data.exists() and _may_hold_lost_writes(node.store):
        kept = machine.home.root / "lost"
        kept.mkdir(mode=0o700, exist_ok=True)
        place.data.rename(kept / f"{place.name}-{timezone.now():%Y%m%dT%H%M%S}")
    for directory in (place.directory, place.sockets):
        shutil.rmtree(directory, ignore_errors=True)
    node.delete()


def remove_surplus(machine: Machine, store: DataStore) -> str | None:
    """Remove the standbys that the store's plan has no place for; None when there is none left, else what is waited for.

    Call it outside of a transaction.
    """
    for node in surplus_of(store):
        if not part_with(machine, node):
            return f"Node {node.number} is still needed: writes wait for it, or the primary does not answer."
    end_alone(machine, store)
    return None


def end_alone(machine: Machine, store: DataStore) -> None:
    """Give back what only a store with standbys has, where its plan has a single node and no standby is left: the address
    for reads, and the word that a guarantee is suspended, as there is none."""
    if store.plan.node_count > 1 or store.nodes.filter(role=Node.Role.STANDBY).exists():
        return
    with transaction.atomic():
        lock_primary(store)
        DataStore.objects.filter(pk=store.pk).update(guarantee_suspended_since=None)
        if slot := addresses.release_reader_slot(store):
            machine.edge.apply(addresses.edge_slot(slot))


def _may_hold_lost_writes(store: DataStore) -> bool:
    last = Failover.objects.filter(store=store, succeeded=True).order_by("-began_at").first()
    return last is not None and last.lossless is False and not replicating_engine(store).asynchronous
