"""Bars of a plot, in the units of its SVG: the server draws, the page needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 20, 100  # of one bar with its gap, and of the whole plot
GAP = 4


@dataclass(frozen=True)
class Bar:
    """One bar: where it stands, how high it is, and what it says."""

    x: int
    y: str
    width: int
    height: str
    words: str
    label: str  # below it, such as the day; may be empty


def bars(values: Sequence[Decimal], highest: Decimal, words: Sequence[str]) -> list[Bar]:
    """Return one bar for each value, the highest as high as the plot; a label below every seventh."""
    return [_bar(place, value, highest, said) for place, (value, said) in enumerate(zip(values, words, strict=True))]


def _bar(place: int, value: Decimal, highest: Decimal, words: str) -> Bar:
    height = min(Decimal(HEIGHT), value / highest * HEIGHT) if highest else Decimal(0)
    if 0 < height < 1:
        height = Decimal(1)  # something is always seen
    label = str(place + 1) if place % 7 == 0 else ""
    return Bar(place * WIDTH + GAP // 2, f"{HEIGHT - height:.1f}", WIDTH - GAP, f"{height:.1f}", words, label)
