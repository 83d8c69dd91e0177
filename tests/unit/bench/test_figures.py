"""What is concluded from a client's acknowledgements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.outage import Acknowledgement, NeverServedError, longest_gap, lost, served


def acknowledged(*times: float) -> list[Acknowledgement]:
    return [Acknowledgement(number, at) for number, at in enumerate(times, 1)]


def test_the_outage_begins_with_the_last_row_before_the_fault() -> None:
    assert longest_gap(acknowledged(1.0, 1.5, 4.0, 4.25), fault=2.0, end=4.5) == 2.5


def test_a_pause_before_the_fault_does_not_count() -> None:
    assert longest_gap(acknowledged(1.0, 9.0, 9.5), fault=9.25, end=9.75) == 0.5


def test_a_second_pause_after_the_fault_counts() -> None:
    assert longest_gap(acknowledged(1.0, 2.0, 6.0), fault=1.5, end=6.0) == 4.0


def test_silence_at_the_end_counts_so_that_an_outage_that_lasts_is_not_called_short() -> None:
    assert longest_gap(acknowledged(1.0, 1.75), fault=1.5, end=30.0) == 28.25


@pytest.mark.parametrize("times", [(), (1.0, 2.0)])
def test_a_client_that_was_never_served_again_has_no_outage_to_tell(times: tuple[float, ...]) -> None:
    with pytest.raises(NeverServedError):
        longest_gap(acknowledged(*times), fault=2.0, end=9.0)


def test_lost_is_what_was_acknowledged_and_is_not_there() -> None:
    assert lost(acknowledged(1.0, 2.0, 3.0), found=[3, 1, 4]) == [2]


def test_a_row_without_an_acknowledgement_is_not_lost() -> None:
    assert lost([], found=[1]) == []


def test_served_needs_rows_all_along() -> None:
    steady = acknowledged(*(5 + step / 10 for step in range(20)))
    assert served(steady, fault=4.9, seconds=1.0, now=6.95)
    assert not served(steady, fault=4.9, seconds=1.0, now=8.0)
    assert not served(steady, fault=7.0, seconds=1.0, now=7.5)
    assert not served(acknowledged(6.9), fault=5.0, seconds=1.0, now=7.0)


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 100), st.floats(0, 50))
def test_the_gap_is_never_longer_than_the_whole_time(times: list[float], fault: float, more: float) -> None:
    times.sort()
    end = times[-1] + more
    if times[-1] > fault:
        assert 0 <= longest_gap(acknowledged(*times), fault, end) <= end - times[0]
