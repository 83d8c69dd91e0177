"""Ports of this machine: the stable one of a data store, and the internal one of a node.

All changes of the edge hold one advisory lock until their transaction ends. So a comparison of rows and edge
never sees a slot that another worker has opened but not yet committed.
"""

from __future__ import annotations

import socket

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from console.errors import Refusal
from datastores.models import DataStore, EdgeSlot, Node
from datastores.sites.local.edge.slots import Address, Slot
from datastores.sites.local.machine import Machine

EDGE_LOCK = 0x6865_6164  # "head": an advisory lock of the console's database
LOOPBACK = "127.0.0.1"


def lock_edge() -> None:
    """Wait for the edge's lock and hold it until the surrounding transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EDGE_LOCK])


def reserve_slot(store: DataStore, port: int | None = None) -> EdgeSlot:
    """Return the store's slot; give it one for life if it has none: that of ``port`` where nobody has it, a port never
    used, else the longest unused."""
    lock_edge()
    if existing := EdgeSlot.objects.filter(store=store).first():
        return existing
    if port and (former := EdgeSlot.objects.filter(port=port, store=None).first()):
        former.store = store
        former.save(update_fields=["store"])
        return former
    highest = EdgeSlot.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if highest < settings.EDGE_SLOTS:
        number = highest + 1
        return EdgeSlot.objects.create(number=number, port=settings.EDGE_FIRST_PORT + number - 1, store=store)
    slot = EdgeSlot.objects.filter(store=None).order_by(F("released_at").asc(nulls_first=True), "number").first()
    if slot is None:
        raise Refusal(
            f"All {settings.EDGE_SLOTS} addresses of this site are in use, so the data store can't get one.",
            "Delete a data store that nobody needs, or ask an operator to raise HEADWATER_EDGE_SLOTS.",
        )
    slot.store = store
    slot.save(update_fields=["store"])
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
    if slot.server_port != server_port:
        slot.server_port = server_port
        slot.save(update_fields=["server_port"])
    return slot


def release_slot(store: DataStore) -> EdgeSlot | None:
    """Take the slot from a deleted store and return it; the row keeps when, so that the port rests as long as possible."""
    lock_edge()
    slot = EdgeSlot.objects.filter(store=store).first()
    if slot:
        slot.store, slot.server_port, slot.released_at = None, None, timezone.now()
        slot.save(update_fields=["store", "server_port", "released_at"])
    return slot


def edge_slots() -> list[Slot]:
    """Return what the edge must do now, from the rows."""
    return [
        edge_slot(row) for row in EdgeSlot.objects.select_related("store").prefetch_related("store__allowed_networks")
    ]


def edge_slot(row: EdgeSlot) -> Slot:
    """Return one row as the value that the edge understands."""
    server = Address(LOOPBACK, row.server_port) if row.server_port else None
    return Slot(number=row.number, port=row.port, server=server, allowed=_allowed(row))


def _allowed(row: EdgeSlot) -> tuple[str, ...]:
    """Return the allow list of the slot's store; nobody may use a slot without one."""
    return tuple(entry.network for entry in row.store.allowed_networks.all()) if row.store else ()


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
