"""What follows from disk use: warnings once, read-only at 97 %, writable again below 90 %."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.storage import WARNINGS, Disk, Verdict, decide, level

SIZE = 10_000  # a hundredth of a percent is one
uses = st.integers(0, 12_000)
told = st.sampled_from((0, *WARNINGS))


def follow(*used: int, size: int = SIZE) -> list[Verdict]:
    """Return the verdicts of one measurement after the other, each remembering the one before."""
    verdicts: list[Verdict] = []
    known = Disk(0, size)
    for use in used:
        verdict = decide(Disk(use, size, known.told, known.read_only))
        known = Disk(use, size, verdict.told, verdict.read_only)
        verdicts.append(verdict)
    return verdicts


def test_thresholds_are_reached_exactly() -> None:
    assert [level(used, SIZE) for used in (7_999, 8_000, 8_999, 9_000, 9_699, 9_700)] == [0, 80, 80, 90, 90, 97]


def test_each_threshold_is_told_once_on_the_way_up_and_again_after_a_fall() -> None:
    assert [verdict.warn for verdict in follow(8_000, 8_500, 9_000, 8_100, 9_000, 8_000, 7_000, 8_000)] == [
        80, 0, 90, 0, 90, 0, 0, 80,
    ]  # fmt: skip


def test_use_that_swings_around_a_threshold_is_told_once() -> None:
    assert [verdict.warn for verdict in follow(8_010, 7_990, 8_010, 7_900, 8_010)] == [80, 0, 0, 0, 0]


def test_a_jump_over_all_thresholds_is_told_once() -> None:
    assert [verdict.warn for verdict in follow(500, 9_900)] == [0, 97]


def test_writes_stop_at_97_and_come_back_below_90_percent() -> None:
    verdicts = follow(9_699, 9_700, 9_500, 9_000, 8_999, 9_600)
    assert [verdict.read_only for verdict in verdicts] == [False, True, True, True, False, False]
    assert [verdict.relieved for verdict in verdicts] == [False, False, False, False, True, False]


def test_use_just_below_90_percent_after_read_only_is_no_new_warning() -> None:
    assert [verdict.warn for verdict in follow(9_700, 8_999, 9_100)] == [97, 0, 0]


@given(used=uses, told=told, read_only=st.booleans())
def test_above_97_writes_are_always_stopped_and_below_90_never(used: int, told: int, read_only: bool) -> None:
    verdict = decide(Disk(used, SIZE, told, read_only))
    assert verdict.read_only or used < 9_700
    assert not verdict.read_only or used >= 9_000
    assert (verdict.told == 97) == verdict.read_only


@given(used=uses, told=told, read_only=st.booleans())
def test_the_same_measurement_again_changes_and_tells_nothing(used: int, told: int, read_only: bool) -> None:
    first = decide(Disk(used, SIZE, told, read_only))
    again = decide(Disk(used, SIZE, first.told, first.read_only))
    assert (again.read_only, again.told, again.warn, again.relieved) == (first.read_only, first.told, 0, False)


@given(way=st.lists(uses, max_size=30))
def test_what_is_told_is_never_below_what_is_reached(way: list[int]) -> None:
    for used, verdict in zip(way, follow(*way), strict=True):
        assert verdict.told >= level(used, SIZE)
        assert verdict.warn in {0, verdict.told}


@given(used=uses, size=st.integers(1, 10**13))
def test_any_size_is_decided_without_rounding(used: int, size: int) -> None:
    assert decide(Disk(size * 97 // 100 - 1, size)).read_only is False
    assert decide(Disk(-(-size * 97 // 100), size)).read_only is True
