"""Waiting for something that takes milliseconds, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.1


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask ``condition`` until it holds or ``seconds`` have passed; the pauses grow from 5 to 100 ms. Returns the last answer."""
    deadline = time.monotonic() + seconds
    pause = PAUSE_SECONDS
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    return True
