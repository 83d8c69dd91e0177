"""What is due with a trial: pure, and forward only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from datastores.trials import KEPT, REMINDER, Phase, days_left, phase

ENDS = datetime(2026, 11, 8, 9, tzinfo=UTC)
ORDER = list(Phase)
INSTANT = timedelta(microseconds=1)


def test_each_phase_begins_at_its_instant() -> None:
    for moment, begins in ((ENDS - REMINDER, Phase.ENDING), (ENDS, Phase.OVER), (ENDS + KEPT, Phase.FORFEITED)):
        assert phase(ENDS, moment) == begins
        assert phase(ENDS, moment - INSTANT) == ORDER[ORDER.index(begins) - 1]


@given(st.integers(-30 * 86_400, 30 * 86_400), st.integers(0, 30 * 86_400))
def test_time_moves_a_trial_forward_only(second: int, later: int) -> None:
    now = ENDS + timedelta(seconds=second)
    assert ORDER.index(phase(ENDS, now)) <= ORDER.index(phase(ENDS, now + timedelta(seconds=later)))


@given(st.integers(-10 * 86_400, 10 * 86_400))
def test_days_left_are_never_understated_and_zero_when_it_is_over(second: int) -> None:
    left = days_left(ENDS, ENDS - timedelta(seconds=second))
    assert left == 0 if second <= 0 else left - 1 < second / 86_400 <= left
