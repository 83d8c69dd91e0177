"""Who may reach a data store of this machine: putting a saved list into effect, and who is connected."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction

from console.errors import Refusal
from datastores.models import DataStore, EdgeSlot, Node
from datastores.sites.contract import AccessChange, Endpoint
from datastores.sites.local import addresses
from datastores.sites.local.edge import EdgeDownError, EdgeError
from datastores.sites.local.edge.slots import permits
from datastores.sites.local.engine import LocalEngine, Place, ProbeFailure
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.own_logins import counting, logging_in
from datastores.sites.local.places import place_of

UNTOUCHED = "This machine is not on the allow list, so the login was tried at the server itself."


@dataclass(frozen=True)
class Door:
    """All that a login needs: with it, ``knock`` asks no database, so that many can be tried at once."""

    engine: LocalEngine
    place: Place
    ca: Path
    slot: EdgeSlot
    welcome: bool  # the store's allow list lets this machine in


def apply_allow_list(store: DataStore) -> AccessChange:
    """Have the edge follow the store's rows at both of its addresses; call it in the transaction that saves them.

    The edge's lock is held until that transaction ends. A store without an address yet gets the list with it.
    """
    addresses.lock_edge()
    slots = addresses.slots_of(store)
    if not slots:
        return AccessChange(live=True)
    try:
        with _counting_all(slots):
            applied = machine().edge.apply(*map(addresses.edge_slot, slots))
    except EdgeError as error:
        raise Refusal(
            f"The edge did not take the list, so nothing was saved: {error.sentence}", error.remedy
        ) from error
    return AccessChange(live=applied.live, cut=applied.cut)


@contextlib.contextmanager
def _counting_all(slots: Iterable[EdgeSlot]) -> Iterator[None]:
    """Count none of the platform's own logins at any of these addresses."""
    with contextlib.ExitStack() as held:
        for slot in slots:
            held.enter_context(counting(machine().home, slot.number))
        yield


def sessions(store: DataStore) -> list[str] | None:
    """Return the source address of each client that is connected now, at either of the store's addresses; None where the
    edge does not run or answer."""
    slots = addresses.slots_of(store)
    if not slots:
        return []
    try:
        with _counting_all(slots):
            return [session.source for session in machine().edge.sessions(*(slot.number for slot in slots))]
    except EdgeError:
        return None


def log_in(store: DataStore, node: Node) -> str:
    """Log in as a client does and return the evidence; raises ProbeFailure.

    The way is the stable address. Where the allow list leaves this machine out, that way is closed to the
    platform as to anybody else; then it logs in at the node, and only asks whether the edge runs.
    """
    door = door_of(store, node)
    try:
        return knock(door)
    except ProbeFailure as failure:
        return knock_again(store, door, failure)


def door_of(store: DataStore, node: Node) -> Door:
    """Return the way to a node, from the rows."""
    place = place_of(node, machine().home)
    return Door(local_engine(store), place, machine().ca_file, store.slot, _is_welcome(store))


def knock(door: Door) -> str:
    """Log in, by the stable address where this machine is welcome; return the evidence, or raise ProbeFailure."""
    if door.welcome:
        with logging_in(machine().home, door.slot.number):
            return door.engine.probe(door.place, Endpoint(settings.EDGE_HOST, door.slot.port), door.ca)
    if not machine().edge.answering():
        raise ProbeFailure(EdgeDownError().sentence)
    return f"{door.engine.probe(door.place, Endpoint(addresses.LOOPBACK, door.place.port), door.ca)} {UNTOUCHED}"


def knock_again(store: DataStore, door: Door, failure: ProbeFailure) -> str:
    """Log in at the node where the list changed while a login was under way; otherwise raise its failure."""
    if not door.welcome or _is_still_welcome(store):
        raise failure
    return knock(replace(door, welcome=False))


def way_in(slot: EdgeSlot) -> Endpoint | None:
    """Return where the platform tries a tenant's login: the stable address, or the node's own where the list leaves this
    machine out. None for a slot that nobody has."""
    if slot.store is None:
        return None
    if _is_welcome(slot.store):
        return Endpoint(settings.EDGE_HOST, slot.port)
    return Endpoint(addresses.LOOPBACK, slot.server_port) if slot.server_port else None


def _is_welcome(store: DataStore) -> bool:
    """Whether the store's list, as it was read, lets this machine in on every way to its name; clients don't choose."""
    allowed = [entry.network for entry in store.allowed_networks.all()]
    return all(permits(allowed, source) for source in _own_sources(store.slot.port))


def _is_still_welcome(store: DataStore) -> bool:
    """Whether the list lets this machine in once it is saved: the edge follows a list before its rows are committed,
    and the edge's lock is held until they are.

    Rolling back gives the lock free at once: an operation's step logs in within a transaction of its own, and must not
    keep other stores from the edge while its server is starting.
    """
    with transaction.atomic():
        addresses.lock_edge()
        welcome = _is_welcome(DataStore.objects.select_related("slot").get(pk=store.pk))
        transaction.set_rollback(True)
    return welcome


def _own_sources(port: int) -> list[str]:
    """Return the addresses from which this machine reaches the edge; none where its name leads nowhere."""
    try:
        targets = socket.getaddrinfo(settings.EDGE_HOST, port, type=socket.SOCK_DGRAM)
    except OSError:
        return []
    return [source for target in targets if (source := _source_towards(target[0], target[4]))]


def _source_towards(family: int, target: tuple[str | int | bytes, ...]) -> str:
    """Return the address that the kernel would choose towards a target; nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(target)
        except OSError:
            return ""
        return str(probe.getsockname()[0])
