"""Reads runsv's binary status file and the exit that the finish script noted."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

# supervise/status, 20 bytes (runsv's update_status): TAI64N time of the last change of state in big endian,
# pid in little endian, then paused, wanted ('u' or 'd'), whether TERM was sent, and the state.
LAYOUT = struct.Struct(">QI")
LENGTH = 20
TAI64_EPOCH = 2**62 + 10  # runit counts from here, without leap seconds
RUNNING = 1


class State(StrEnum):
    """How a service stands. UNSUPERVISED: its runsv is not running; `ensure` mends that."""

    UP = "up"
    DOWN = "down"
    UNSUPERVISED = "unsupervised"
    ABSENT = "absent"


class Wanted(StrEnum):
    """What runsv was last told to keep."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class LastExit:
    """How the program ended last. Exactly one of code and signal is set; `at` is UTC."""

    code: int | None
    signal: int | None
    at: datetime


@dataclass(frozen=True)
class ServiceStatus:
    """`since` is when the state began (UTC); `pid` is the program's while it is up."""

    state: State
    wanted: Wanted
    pid: int | None = None
    since: datetime | None = None
    last_exit: LastExit | None = None


@dataclass(frozen=True)
class RunsvStatus:
    """The content of supervise/status."""

    pid: int | None
    running: bool
    wanted: Wanted
    since: datetime


def parse_status(content: bytes) -> RunsvStatus:
    """Read supervise/status. Raises ValueError for anything but its 20 bytes."""
    if len(content) != LENGTH:
        raise ValueError(f"runsv's status has {len(content)} bytes instead of {LENGTH}")
    seconds, nanoseconds = LAYOUT.unpack_from(content)
    pid = int.from_bytes(content[12:16], "little")
    return RunsvStatus(
        pid=pid or None,
        # A finish script has a pid too, but then the state is 2.
        running=content[19] == RUNNING and pid != 0,
        wanted=Wanted.UP if content[17:18] == b"u" else Wanted.DOWN,
        since=datetime.fromtimestamp(seconds - TAI64_EPOCH + nanoseconds / 1e9, tz=UTC),
    )


def read_last_exit(file: Path) -> LastExit | None:
    """What the finish script wrote: exit code (-1 after a signal) and signal number; None without it."""
    try:
        code, number = (int(word) for word in file.read_text().split())
        at = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    except (FileNotFoundError, ValueError):
        return None
    return LastExit(code=None, signal=number, at=at) if code < 0 else LastExit(code=code, signal=None, at=at)
