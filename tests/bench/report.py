"""Printing a benchmark's table and keeping it as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(os.environ.get("HEADWATER_RESULTS", "bench-results"))


@dataclass(frozen=True)
class Row:
    """One measured quantity: its samples, their unit, the goal, and the name of the row it is compared with."""

    name: str
    samples: Sequence[float]
    unit: str = "s"
    goal: float | None = None
    baseline: str = ""

    @property
    def median(self) -> float:
        """The median of the samples."""
        return statistics.median(self.samples)


def report(title: str, rows: Sequence[Row]) -> None:
    """Print the rows with median, spread, ratio to the baseline and goal; save them as JSON."""
    medians = {row.name: row.median for row in rows}
    print(f"\n{title} ({platform.machine()}, Python {platform.python_version()})")
    width = max(44, *(len(row.name) + len(row.unit) + 4 for row in rows))
    print(f"{'':{width}}{'n':>4}{'median':>11}{'min':>11}{'max':>11}{'ratio':>8}{'goal':>9}")
    for row in rows:
        ratio = f"{row.median / medians[row.baseline]:.2f}" if row.baseline else ""
        goal = f"{row.goal:g}" if row.goal is not None else ""
        figures = f"{row.median:>11.4g}{min(row.samples):>11.4g}{max(row.samples):>11.4g}"
        print(f"{f'{row.name} [{row.unit}]':{width}}{len(row.samples):>4}{figures}{ratio:>8}{goal:>9}")
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{title.partition(':')[0].lower().replace(' ', '_')}.json"
    kept = [
        {"name": row.name, "unit": row.unit, "samples": list(row.samples), "goal": row.goal, "baseline": row.baseline}
        for row in rows
    ]
    file.write_text(json.dumps({"title": title, "rows": kept}, indent=1))
