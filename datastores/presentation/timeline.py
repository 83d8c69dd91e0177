"""One line of a vertical timeline, as components/timeline_step.html takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TimelineStep:
    """A step: what it does, how it went, when it began, and its seconds (None while it runs)."""

    title: str
    state: str
    word: str
    sentence: str
    at: datetime
    seconds: float | None
    remedy: str = ""
