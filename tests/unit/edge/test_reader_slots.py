"""A store's two addresses as rows: both for life, one allow list, freed together."""

from __future__ import annotations

import pytest
from django.db import transaction

from console.errors import Refusal
from datastores.models import AllowedNetwork, DataStore, EdgeSlot
from datastores.sites.local import addresses
from datastores.sites.local.edge import Address

pytestmark = pytest.mark.django_db


@pytest.fixture
def slots(store: DataStore) -> tuple[EdgeSlot, EdgeSlot]:
    with transaction.atomic():
        return addresses.reserve_slot(store), addresses.reserve_reader_slot(store)


def test_both_are_the_stores_for_life(store: DataStore, slots: tuple[EdgeSlot, EdgeSlot]) -> None:
    own, reader = slots
    assert own.port != reader.port
    assert (addresses.reserve_slot(store), addresses.reserve_reader_slot(store)) == (own, reader)
    assert addresses.slots_of(store) == [own, reader]


def test_each_leads_where_its_row_says_for_those_on_one_list(
    store: DataStore, slots: tuple[EdgeSlot, EdgeSlot]
) -> None:
    AllowedNetwork.objects.filter(store=store).delete()
    AllowedNetwork.objects.create(store=store, network="10.0.0.0/8")
    addresses.point_slot(store, 23_000)
    addresses.point_readers(store, [23_002, 23_001])
    own, reader = (slot for slot in addresses.edge_slots() if slot.number in {row.number for row in slots})
    assert own.servers == (Address("127.0.0.1", 23_000),)
    assert reader.servers == (Address("127.0.0.1", 23_001), Address("127.0.0.1", 23_002))
    assert own.allowed == reader.allowed == ("10.0.0.0/8",)


def test_a_store_without_standbys_has_no_readers_to_point(store: DataStore) -> None:
    addresses.reserve_slot(store)
    assert addresses.point_readers(store, [23_001]) is None
    assert len(addresses.slots_of(store)) == 1


def test_both_are_freed_and_given_to_others(
    store: DataStore, slots: tuple[EdgeSlot, EdgeSlot], settings: object
) -> None:
    settings.EDGE_SLOTS = max(slot.number for slot in slots)  # type: ignore[attr-defined]
    EdgeSlot.objects.filter(store=None, reader_of=None).delete()
    with pytest.raises(Refusal, match="addresses of this site are in use"):
        addresses._give()
    addresses.point_readers(store, [23_001])
    freed = addresses.release_slots(store)
    assert [(slot.number, slot.store, slot.reader_of, slot.reader_ports) for slot in freed] == [
        (slot.number, None, None, []) for slot in slots
    ]
    for slot in freed:
        assert addresses.edge_slot(slot).servers == ()
        assert addresses.edge_slot(slot).allowed == ()
    assert addresses.reserve_reader_slot(store).number == slots[0].number
