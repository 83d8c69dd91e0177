"""Outages over time as a plot: one mark per change on a logarithmic scale, and the promise as a line.

Coordinates are percentages of the drawing, so that marks and letters keep their size on every screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from console.templatetags.ui import milliseconds
from datastores.limits import Promise
from datastores.models import Failover

MOST: Final = 200  # marks; older ones are in the history
LEFT, RIGHT, TOP, BOTTOM = 11.0, 97.0, 8.0, 86.0
DRILLS: Final = frozenset(kind.value for kind in Failover.DRILLS)


@dataclass(frozen=True)
class Mark:
    """One change. The shape says what it was: ``failure``, ``drill`` or ``planned``."""

    x: str
    y: str
    shape: str
    title: str


@dataclass(frozen=True)
class Line:
    """A labelled line: of the scale, of time, or the promise."""

    at: str
    label: str


@dataclass(frozen=True)
class OutagePlot:
    """Everything that components/outage_plot.html draws."""

    marks: list[Mark]
    scale: list[Line]
    times: list[Line]
    promise: Line | None
    shapes: list[tuple[str, str]]
    summary: str


def plot_of(rows: Sequence[Failover], promise: Promise | None) -> OutagePlot | None:
    """Return the plot of the latest measured outages; None where none was measured."""
    measured = [row for row in rows if row.outage_ms is not None]
    measured = sorted(measured, key=lambda row: row.began_at, reverse=True)[:MOST]
    if not measured:
        return None
    outages = [row.outage_ms or 0.0 for row in measured]
    low, high = _decades([*outages, *([promise.median_ms] if promise else [])])
    first, last = measured[-1].began_at, measured[0].began_at
    return OutagePlot(
        marks=[
            _mark(row, _across(row.began_at, first, last), _up(row.outage_ms or 0.0, low, high)) for row in measured
        ],
        scale=[Line(_percent(_up(10.0**power, low, high)), _round(10.0**power)) for power in range(low, high + 1)],
        times=_times(first, last),
        promise=_promised(promise, low, high) if promise else None,
        shapes=[pair for pair in SHAPES if pair[0] in {_shape(row) for row in measured}],
        summary=_summary(outages, promise),
    )


SHAPES: Final = [("failure", "Failure"), ("drill", "Drill"), ("planned", "Planned switchover")]


def _shape(row: Failover) -> str:
    if row.kind in DRILLS:
        return "drill"
    return "planned" if row.kind == Failover.Kind.SWITCHOVER else "failure"


def _mark(row: Failover, x: float, y: float) -> Mark:
    title = (
        f"{row.get_kind_display()}, {row.began_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC: {milliseconds(row.outage_ms)}"
    )
    return Mark(_percent(x), _percent(y), _shape(row), title)


def _promised(promise: Promise, low: int, high: int) -> Line:
    return Line(_percent(_up(promise.median_ms, low, high)), f"promised median {_round(promise.median_ms)}")


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten (of milliseconds) between which all values are, at least two of them."""
    logs = [math.log10(max(value, 1.0)) for value in values]
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    return (low, high) if high > low else (low, low + 1)


def _up(value: float, low: int, high: int) -> float:
    """Return how far down a time is; what is under a millisecond stands at the foot."""
    share = (math.log10(max(value, 1.0)) - low) / (high - low)
    return BOTTOM - (BOTTOM - TOP) * share


def _across(moment: datetime, first: datetime, last: datetime) -> float:
    """Return how far right a moment is; a single one stands in the middle."""
    whole = (last - first).total_seconds()
    share = (moment - first).total_seconds() / whole if whole else 0.5
    return LEFT + (RIGHT - LEFT) * share


def _times(first: datetime, last: datetime) -> list[Line]:
    if first == last:
        return [Line("54%", f"{first.astimezone(UTC):%-d %b, %H:%M}")]
    pattern = "%-d %b, %H:%M" if (last - first).days < 3 else "%-d %b %Y"
    return [Line(_percent(at), f"{moment.astimezone(UTC):{pattern}}") for at, moment in ((LEFT, first), (RIGHT, last))]


def _summary(outages: Sequence[float], promise: Promise | None) -> str:
    spread = f"from {milliseconds(min(outages))} to {milliseconds(max(outages))}"
    count = f"{len(outages)} measured outage{'s' if outages[1:] else ''}, {spread}."
    if promise is None:
        return count
    return f"{count} The dashed line is the median that the plan promises for a process that dies: {_round(promise.median_ms)}."


def _round(value: float) -> str:
    """Return a round time: "10 ms", "0.25 s"."""
    return f"{value:g} ms" if value < 200 else f"{value / 1000:g} s"


def _percent(value: float) -> str:
    return f"{value:.2f}%"
