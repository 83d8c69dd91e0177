"""Whether a data store fits, and the sentence where it does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.capacity import Room, left, need, shortage

rooms = st.builds(Room, st.integers(0, 10**6), st.integers(0, 10**5))


def test_a_plan_takes_its_size_for_every_node() -> None:
    assert need(ram_gib=4, storage_gib=80, node_count=3) == Room(12_288, 240)


def test_the_sentence_names_what_is_free_and_what_is_needed() -> None:
    free = Room(8 * 1024, 100)
    assert shortage(free, Room(16 * 1024, 8)) == "8 GiB of RAM are free here; this plan needs 16."
    assert shortage(free, Room(1024, 350)) == "100 GiB of storage are free here; this plan needs 350."
    assert shortage(Room(1_999, 8), Room(2_048, 8)) == "1.9 GiB of RAM are free here; this plan needs 2."
    assert shortage(free, Room(8 * 1024, 100)) == ""


@given(total=rooms, taken=st.lists(rooms, max_size=8))
def test_what_is_free_is_never_negative_nor_more_than_there_is(total: Room, taken: list[Room]) -> None:
    free = left(total, taken)
    assert 0 <= free.ram_mib <= total.ram_mib
    assert 0 <= free.storage_gib <= total.storage_gib


@given(total=rooms, wanted=st.lists(rooms, max_size=12))
def test_admitting_only_what_fits_never_takes_more_than_there_is(total: Room, wanted: list[Room]) -> None:
    admitted: list[Room] = []
    for room in wanted:
        if not shortage(left(total, admitted), room):
            admitted.append(room)
    assert sum(room.ram_mib for room in admitted) <= total.ram_mib
    assert sum(room.storage_gib for room in admitted) <= total.storage_gib
