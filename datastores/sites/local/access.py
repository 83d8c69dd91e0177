"""Who may reach a data store of this machine: putting a saved list into effect, and who is connected."""

from __future__ import annotations

import socket

from django.conf import settings
from django.db import transaction

from console.errors import Refusal
from datastores.models import DataStore, EdgeSlot, Node
from datastores.sites.contract import AccessChange, Endpoint
from datastores.sites.local import addresses
from datastores.sites.local.edge import EdgeDownError, EdgeError
from datastores.sites.local.edge.slots import permits
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of

UNTOUCHED = "This machine is not on the allow list, so the login was tried at the server itself."


def apply_allow_list(store: DataStore) -> AccessChange:
    """Have the edge follow the store's rows at both of its addresses; call it in the transaction that saves them.

    The edge's lock is held until that transaction ends. A store without an address yet gets the list with it.
    """
    addresses.lock_edge()
    slots = addresses.slots_of(store)
    if not slots:
        return AccessChange(live=True)
    try:
        applied = machine().edge.apply(*map(addresses.edge_slot, slots))
    except EdgeError as error:
        raise Refusal(
            f"The edge did not take the list, so nothing was saved: {error.sentence}", error.remedy
        ) from error
    return AccessChange(live=applied.live, cut=applied.cut)


def sessions(store: DataStore) -> list[str] | None:
    """Return the source address of each client that is connected now, at either of the store's addresses; None where the
    edge does not run or answer."""
    slots = addresses.slots_of(store)
    if not slots:
        return []
    try:
        return [session.source for session in machine().edge.sessions(*(slot.number for slot in slots))]
    except EdgeError:
        return None


def log_in(store: DataStore, node: Node) -> str:
    """Log in as a client does and return the evidence; raises ProbeFailure.

    The way is the stable address. Where the allow list leaves this machine out, that way is closed to the
    platform as to anybody else; then it logs in at the node, and only asks whether the edge runs.
    """
    place, engine, ca = place_of(node, machine().home), local_engine(store), machine().ca_file
    if _is_welcome(store):
        try:
            return engine.probe(place, Endpoint(settings.EDGE_HOST, store.slot.port), ca)
        except ProbeFailure:
            if _is_still_welcome(store):  # otherwise the list changed while the login was under way
                raise
    if not machine().edge.answering():
        raise ProbeFailure(EdgeDownError().sentence)
    return f"{engine.probe(place, Endpoint(addresses.LOOPBACK, place.port), ca)} {UNTOUCHED}"


def way_in(slot: EdgeSlot) -> Endpoint | None:
    """Return where the platform tries a tenant's login: the stable address, or the node's own where the list leaves this
    machine out. None for a slot that nobody has."""
    if slot.store is None:
        return None
    if _is_welcome(slot.store):
        return Endpoint(settings.EDGE_HOST, slot.port)
    return Endpoint(addresses.LOOPBACK, slot.server_port) if slot.server_port else None


def _is_welcome(store: DataStore) -> bool:
    """Whether the store's list lets this machine in, on every way to its name; clients don't choose among them."""
    allowed = list(store.allowed_networks.values_list("network", flat=True))
    return all(permits(allowed, source) for source in _own_sources(store.slot.port))


def _is_still_welcome(store: DataStore) -> bool:
    """Whether the list lets this machine in once it is saved: the edge follows a list before its rows are committed,
    and the edge's lock is held until they are.

    Rolling back gives the lock free at once: an operation's step logs in within a transaction of its own, and must not
    keep other stores from the edge while its server is starting.
    """
    with transaction.atomic():
        addresses.lock_edge()
        welcome = _is_welcome(store)
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
