"""Which way leads from one plan to another, and which standbys go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.plan_changes import Interruption, PlanChange, Size
from datastores.succession import missing, surplus

SIZES = st.builds(Size, st.integers(1, 3), st.sampled_from([1, 4, 8, 16]), st.sampled_from([8, 80, 175, 350]))


@given(SIZES, SIZES, st.booleans())
def test_clients_notice_only_a_new_size(before: Size, after: Size, first: bool) -> None:
    way = PlanChange(before, after, shrinks_primary_first=first)
    assert (way.interruption is Interruption.NONE) == (not way.resizes)
    assert before.node_count + way.added - way.removed == after.node_count
    if max(before.node_count, after.node_count) == 1 and way.resizes:
        assert way.interruption is Interruption.RESTART
    elif way.interruption is Interruption.RESTART:
        assert first
        assert after.ram_gib < before.ram_gib


@given(st.integers(1, 3), st.dictionaries(st.integers(2, 9), st.booleans(), max_size=5))
def test_what_is_left_is_what_the_plan_has_and_serves_best(nodes: int, standbys: dict[int, bool]) -> None:
    gone = surplus(nodes, standbys)
    left = standbys.keys() - set(gone)
    assert len(left) + 1 <= max(nodes, 1)
    assert not (gone and missing(nodes, ["primary", *map(str, left)]))
    if any(standbys[number] for number in gone):
        assert all(standbys[number] for number in left)


def test_of_two_that_serve_the_newer_goes() -> None:
    assert surplus(2, {2: True, 3: True}) == [3]
    assert surplus(2, {2: False, 3: True}) == [2]
    assert surplus(1, {2: True, 3: False}) == [3, 2]
