"""Waiting for something that takes milliseconds, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.1


def wait_until(condition: Callable[[], bool], seconds: float, *, first_pause: float = PAUSE_SECONDS) -> bool:
    """Ask ``condition`` until it holds or ``seconds`` have passed; returns its last answer.

    The pauses grow from ``first_pause`` (seconds, 5 ms if not given) to 100 ms, each half as long again.
    """
    deadline = time.monotonic() + seconds
    pause = first_pause
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    return True
