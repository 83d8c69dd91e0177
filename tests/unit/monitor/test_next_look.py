"""When a node is looked at again: after its period, together with others."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from datastores.sites.local.monitor.loop import GRID_SECONDS, SPREAD_SECONDS, next_look
from datastores.sites.local.monitor.watch import MISSING_PERIOD, PERIODS

BEGAN = 12_345.678


def looks(began: float, period: float, times: int) -> list[float]:
    """The moments at which a node is looked at by a loop that is always a little late."""
    moments = [began]
    for _ in range(times):
        moments.append(next_look(moments[-1] + 0.004, period))
    return moments


@pytest.mark.parametrize("period", sorted(set(PERIODS.values())))
def test_no_period_becomes_longer(period: float) -> None:
    moments = looks(BEGAN, period, 50)
    assert max(later - earlier for earlier, later in itertools.pairwise(moments[1:])) < period + 0.001
    assert abs(moments[1] - BEGAN - period) <= GRID_SECONDS / 2 + 0.004


def test_those_that_are_due_at_about_the_same_time_share_a_turn() -> None:
    later = {looks(BEGAN + number * 0.002, 1.0, 2)[-1] for number in range(10)}
    assert len(later) == 1


def test_a_thousand_that_begin_together_stay_spread() -> None:
    turns = Counter(looks(BEGAN + number * SPREAD_SECONDS, 2.0, 3)[-1] for number in range(1000))
    assert max(turns.values()) <= 1000 * GRID_SECONDS / 1.0 + 1


def test_a_process_that_is_not_there_is_looked_for_without_delay() -> None:
    assert next_look(BEGAN, MISSING_PERIOD) == BEGAN + MISSING_PERIOD
