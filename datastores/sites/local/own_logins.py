"""Keeps the platform's own logins apart from clients' sessions: while those of a slot are counted, it has none there.

The edge can't tell who a session belongs to: the platform logs in from this machine, as anybody may.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from host.paths import Home

# A login takes milliseconds. One at a server that hangs takes seconds, and then is counted as a client: a change of
# the allow list must act within a second.
MOST_SECONDS: Final = 0.5
# After a login the edge still has its session until it has noticed that both ends are closed.
NOTICED_SECONDS: Final = 0.05


@contextmanager
def logging_in(home: Home, slot: int) -> Iterator[None]:
    """Hold while the platform logs in through a slot; waits while the slot's sessions are counted."""
    with _file(home, slot) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        try:
            yield
        finally:
            os.utime(descriptor)


@contextmanager
def counting(home: Home, slot: int) -> Iterator[None]:
    """Hold while sessions of a slot are counted or cut; waits, though not for long, for the platform's logins."""
    with _file(home, slot) as descriptor:
        deadline = time.monotonic() + MOST_SECONDS
        while not _taken(descriptor) and time.monotonic() < deadline:
            time.sleep(0.002)
        since = time.time() - os.fstat(descriptor).st_mtime
        time.sleep(min(max(NOTICED_SECONDS - since, 0.0), NOTICED_SECONDS))
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _file(home: Home, slot: int) -> Iterator[int]:
    descriptor = os.open(home.run / f"slot-{slot}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
