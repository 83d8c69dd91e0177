"""What a canary's acknowledgements come to, and what phases come to."""

from __future__ import annotations

import pytest

from datastores.sites.local import phases
from datastores.sites.local.monitor.canary import Song


def test_the_outage_is_the_longest_gap_between_two_acknowledged_writes() -> None:
    song = Song(began=10.0, acknowledged=[(1, 10.1), (2, 10.2), (3, 10.9), (4, 11.0)])
    gap, ended = song.longest_gap()
    assert (round(gap, 3), ended) == (0.7, 10.9)


def test_before_the_first_write_the_failure_itself_is_the_last_sign() -> None:
    gap, ended = Song(began=10.0, acknowledged=[(1, 10.4), (2, 10.5)]).longest_gap()
    assert (round(gap, 3), ended) == (0.4, 10.4)


def test_without_a_write_there_is_no_outage_to_tell() -> None:
    assert Song(began=10.0).longest_gap() == (0.0, 10.0)


def test_phases_are_measured_from_one_to_the_next() -> None:
    ended = {"failed": 1.0, "detect": 1.1, "fence": 1.15, "promote": 1.4, "repoint": 1.41}
    assert {name: round(value) for name, value in phases.milliseconds(ended).items()} == {
        "detect_ms": 100,
        "fence_ms": 50,
        "promote_ms": 250,
        "repoint_ms": 10,
    }


def test_a_step_that_runs_again_does_not_move_a_phase() -> None:
    memo = {"phases": {"failed": 1.0, "fence": 2.0}}
    phases.note(memo, "fence")
    assert memo["phases"]["fence"] == pytest.approx(2.0)


def test_a_failure_is_never_noticed_before_it_happened() -> None:
    begun = phases.begin(failed=9e9)
    assert begun["failed"] <= begun["detect"]
