"""Ports of this machine: the stable ones of a data store, and the internal one of a node.

All changes of the edge hold one advisory lock until their transaction ends. So a comparison of rows and edge
never sees a slot that another worker has opened but not yet committed.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from console.errors import Refusal
from datastores.models import DataStore, EdgeSlot, Node
from datastores.sites.local.edge.slots import MOST_SERVERS, Address, Slot
from datastores.sites.local.machine import Machine

EDGE_LOCK = 0x6865_6164  # "head": an advisory lock of the console's database
LOOPBACK = "127.0.0.1"


def lock_edge() -> None:
    """Wait for the edge's lock and hold it until the surrounding transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EDGE_LOCK])


def reserve_slot(store: DataStore, port: int | None = None) -> EdgeSlot:
    """Return the store's slot; give it one for life if it has none: that of ``port`` where nobody has it."""
    lock_edge()
    if existing := EdgeSlot.objects.filter(store=store).first():
        return existing
    if port and (former := EdgeSlot.objects.filter(port=port, store=None, reader_of=None).first()):
        former.store = store
        former.save(update_fields=["store"])
        return former
    return _give(store=store)


def reserve_reader_slot(store: DataStore) -> EdgeSlot:
    """Return the second slot of a store with standbys, where they serve reads; likewise for life."""
    lock_edge()
    return EdgeSlot.objects.filter(reader_of=store).first() or _give(reader_of=store)


def _give(**owner: DataStore) -> EdgeSlot:
    """Give a slot away: a port never used, else the longest unused."""
    highest = EdgeSlot.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if highest < settings.EDGE_SLOTS:
        number = highest + 1
        return EdgeSlot.objects.create(number=number, port=settings.EDGE_FIRST_PORT + number - 1, **owner)
    unused = EdgeSlot.objects.filter(store=None, reader_of=None)
    slot = unused.order_by(F("released_at").asc(nulls_first=True), "number").first()
    if slot is None:
        raise Refusal(
            f"All {settings.EDGE_SLOTS} addresses of this site are in use, so the data store can't get one.",
            "Delete a data store that nobody needs, or ask an operator to raise HEADWATER_EDGE_SLOTS.",
        )
    for role, store in owner.items():
        setattr(slot, role, store)
    slot.save(update_fields=list(owner))
    return slot


def reserve_node_port(node: Node) -> int:
    """Return the node's internal port; choose the lowest one that no node has and nothing listens on."""
    lock_edge()
    if node.port is None:
        taken = set(Node.objects.exclude(port=None).values_list("port", flat=True))
        candidates = range(settings.NODE_FIRST_PORT, 65_000)
        node.port = next(port for port in candidates if port not in taken and _is_free(port))
        node.save(update_fields=["port"])
    return node.port


def point_slot(store: DataStore, server_port: int | None) -> EdgeSlot:
    """Save where the store's slot leads (None: nowhere), holding the edge's lock."""
    lock_edge()
    slot = EdgeSlot.objects.get(store=store)
    slot.store = store  # as it is known here: the edge's matter is only who may connect, which is read anew
    if slot.server_port != server_port:
        slot.server_port = server_port
        slot.save(update_fields=["server_port"])
    return slot


def point_readers(store: DataStore, ports: Iterable[int]) -> EdgeSlot | None:
    """Save on which nodes the store's reads are spread (none: nowhere), holding the edge's lock; None for a store without
    an address for them."""
    lock_edge()
    slot = EdgeSlot.objects.filter(reader_of=store).first()
    wanted = sorted(ports)[:MOST_SERVERS]
    if slot and slot.reader_ports != wanted:
        slot.reader_ports = wanted
        slot.save(update_fields=["reader_ports"])
    return slot


def release_slots(store: DataStore) -> list[EdgeSlot]:
    """Take its slots from a deleted store and return them; a row keeps when, so that the port rests as long as possible."""
    lock_edge()
    slots = slots_of(store)
    for slot in slots:
        _rest(slot)
    return slots


def release_reader_slot(store: DataStore) -> EdgeSlot | None:
    """Take the second slot from a store that has no standbys any more, and return it; None where it has none."""
    lock_edge()
    slot = EdgeSlot.objects.filter(reader_of=store).first()
    if slot:
        _rest(slot)
    return slot


def _rest(slot: EdgeSlot) -> None:
    slot.store = slot.reader_of = slot.server_port = None
    slot.reader_ports, slot.released_at = [], timezone.now()
    slot.save(update_fields=["store", "reader_of", "server_port", "reader_ports", "released_at"])


def slots_of(store: DataStore) -> list[EdgeSlot]:
    """Return the store's own slot and the one for reads, as far as it has them."""
    owned = EdgeSlot.objects.filter(Q(store=store) | Q(reader_of=store))
    return list(owned.select_related("store", "reader_of").order_by("number"))


def edge_slots() -> list[Slot]:
    """Return what the edge must do now, from the rows."""
    rows = EdgeSlot.objects.select_related("store", "reader_of")
    lists = (f"{owner}__allowed_networks" for owner in ("store", "reader_of"))
    return [edge_slot(row) for row in rows.prefetch_related(*lists)]


def edge_slot(row: EdgeSlot) -> Slot:
    """Return one row as the value that the edge understands. Nobody may use a slot that no store has."""
    ports = row.reader_ports if row.reader_of else [row.server_port] if row.server_port else []
    owner = row.reader_of or row.store
    allowed = tuple(entry.network for entry in owner.allowed_networks.all()) if owner else ()
    servers = tuple(Address(LOOPBACK, port) for port in ports)
    return Slot(number=row.number, port=row.port, servers=servers, allowed=allowed)


def _is_free(port: int) -> bool:
    """Say whether nothing listens on a loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@transaction.atomic
def sync_edge(machine: Machine) -> None:
    """Write the edge's configuration from the rows and make the running proxy equal to it."""
    lock_edge()
    machine.edge.sync(edge_slots())
