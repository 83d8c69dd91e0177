"""What was measured, against what is promised: figures, verdicts, the plot; what was not measured is never a zero."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.limits import Promise
from datastores.models import DataStore, Failover
from datastores.presentation.outage_plot import BOTTOM, LEFT, RIGHT, TOP, plot_of
from datastores.presentation.outages import changes_of, measured_of, percentile

Kind = Failover.Kind
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
times = st.floats(0.01, 100_000)


def change(kind: Kind = Kind.DRILL_KILL, outage: float | None = None, hours: float = 0, **more: object) -> Failover:
    """Return a change as a row that is not saved."""
    return Failover(kind=kind, began_at=NOON + timedelta(hours=hours), outage_ms=outage, **more)


@given(st.lists(times, min_size=1), st.floats(1, 100))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= math.ceil(len(values) * percent / 100)
    assert sum(value < found for value in values) < math.ceil(len(values) * percent / 100)


def test_a_percentile_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 95)


def test_figures_stand_beside_the_promise_per_kind(store: DataStore) -> None:
    rows = [change(outage=each) for each in (50, 60, 700)]
    rows += [change(Kind.SWITCHOVER, 90, rows_acknowledged=300, rows_lost=0), change(Kind.DRILL_FREEZE, None)]
    switchover, kill = sorted(measured_of(store, rows), key=lambda each: each.count)
    assert (kill.count, kill.p50, kill.p95) == (3, "60 ms", "700 ms")
    assert kill.promise == "median 250 ms, at most 600 ms"
    assert kill.verdict
    assert kill.verdict.word == "Slower"  # the worst one was
    assert kill.lost == "not measured"
    assert switchover.verdict
    assert switchover.verdict.word == "Kept"
    assert switchover.lost == "0 of 300"


def test_what_was_not_measured_says_so() -> None:
    [line] = changes_of([change(old_primary="Node 1")])
    assert {line.outage, line.writes, line.redundancy, *(time for _, time in line.phases)} == {"not measured"}
    assert line.path == "Node 1"
    assert line.lossless == ""


def test_a_change_tells_its_phases_and_its_loss() -> None:
    row = change(outage=53.2, detect_ms=7.6, fence_ms=0.04, promote_ms=1530, old_primary="Node 1", new_primary="Node 2")
    row.rows_acknowledged, row.rows_lost, row.lossless, row.redundancy_ms = 1200, 3, False, 31_400
    [line] = changes_of([row])
    assert dict(line.phases) == {
        "detect": "7.6 ms",
        "fence": "under 0.1 ms",
        "promote": "1.53 s",
        "re-point": "not measured",
        "reconnect": "not measured",
    }
    assert (line.path, line.outage, line.redundancy) == ("Node 1 → Node 2", "53 ms", "31.4 s")
    assert line.writes == "3 of 1,200"
    assert "may lack" in line.lossless


def test_without_a_measured_outage_there_is_no_plot() -> None:
    assert plot_of([], Promise(250)) is None
    assert plot_of([change()], Promise(250)) is None


@given(st.lists(st.tuples(times, st.integers(0, 10_000)), min_size=1, max_size=40), st.none() | times.map(Promise))
def test_every_mark_is_inside_and_a_longer_outage_is_higher(
    points: list[tuple[float, int]], promise: Promise | None
) -> None:
    plot = plot_of([change(outage=outage, hours=hours) for outage, hours in points], promise)
    assert plot
    assert len(plot.marks) == len(points)
    for mark in plot.marks:
        assert LEFT - 0.01 <= float(mark.x.rstrip("%")) <= RIGHT + 0.01
        assert TOP - 0.01 <= float(mark.y.rstrip("%")) <= BOTTOM + 0.01
    assert len(plot.scale) >= 2
    latest_first = sorted(points, key=lambda point: point[1], reverse=True)
    for (outage, _), mark in zip(latest_first, plot.marks, strict=True):
        for (other, _), second in zip(latest_first, plot.marks, strict=True):
            if outage > other:
                assert float(mark.y.rstrip("%")) <= float(second.y.rstrip("%"))
    assert (plot.promise is None) == (promise is None)


def test_the_plot_tells_in_words_what_it_shows() -> None:
    rows = [change(outage=50), change(Kind.FAILOVER, 400, hours=30), change(Kind.SWITCHOVER, 90, hours=60)]
    plot = plot_of(rows, Promise(250, 600))
    assert plot
    assert plot.summary.startswith("3 measured outages, from 50 ms to 400 ms. The dashed line is the median")
    assert [shape for shape, _ in plot.shapes] == ["failure", "drill", "planned"]
    assert plot.promise
    assert plot.promise.label == "promised median 0.25 s"
    assert "Failover, 27 November 2026, 18:00 UTC: 400 ms" in [mark.title for mark in plot.marks]


def test_nobody_has_to_detect_what_was_planned() -> None:
    [line] = changes_of([change(Kind.SWITCHOVER, detect_ms=0.0, fence_ms=35)])
    assert [name for name, _ in line.phases] == ["fence", "promote", "re-point", "reconnect"]
