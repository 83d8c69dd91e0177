"""The address at which a store's standbys serve reads: which of them it leads to now."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from datastores.models import DataStore, EdgeSlot
from datastores.sites.local import addresses
from datastores.sites.local.edge.slots import MOST_SERVERS
from datastores.sites.local.machine import machine


@transaction.atomic
def lead_readers(store: DataStore, ports: Iterable[int]) -> bool:
    """Spread the store's reads over the nodes with these internal ports, in any order; whether anything changed.

    Sessions at nodes that stay go on, those at others are cut. Where it is so already this costs one query, so that it
    may be asked for all the time. Raises EdgeError where the running edge can't follow; nothing is saved then.
    """
    wanted = sorted(ports)[:MOST_SERVERS]
    slot = EdgeSlot.objects.filter(reader_of=store).first()
    if slot is None or slot.reader_ports == wanted:
        return False
    slot = addresses.point_readers(store, wanted)
    if slot is None:  # the store was deleted in between
        return False
    machine().edge.apply(addresses.edge_slot(slot))
    return True
