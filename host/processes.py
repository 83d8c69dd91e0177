"""Finds, watches and ends processes of this machine, each known by its pid and start time."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
DELETED = " (deleted)"
Matches = Callable[[str], bool]  # by the path of its directory in /proc


class StillRunningError(Exception):
    """Processes that outlived a SIGKILL and the time allowed for it (a hanging disk, as a rule)."""

    def __init__(self, processes: Iterable[Process]) -> None:
        self.processes = tuple(processes)
        pids = ", ".join(str(process.pid) for process in self.processes)
        super().__init__(f"Processes {pids} are still there after SIGKILL.")


@dataclass(frozen=True, order=True)
class Process:
    """One process for good: a pid that the kernel gives away again comes with another start time."""

    pid: int
    started: int  # clock ticks since boot: field 22 of /proc/<pid>/stat

    @classmethod
    def find(cls, pid: int) -> Process | None:
        """The process that has this pid now, or None. A zombie counts: its pid is still taken."""
        try:
            return cls.from_stat((PROC / str(pid) / "stat").read_text(errors="replace"))
        except (FileNotFoundError, ProcessLookupError):
            return None

    @classmethod
    def from_stat(cls, line: str) -> Process:
        """Read a line of /proc/<pid>/stat, in which the name may hold blanks and parentheses."""
        front, separator, back = line.rpartition(")")
        fields = back.split()
        if not separator or len(fields) < 20:
            raise ValueError("not a line of /proc/<pid>/stat")
        return cls(pid=int(front.split(" ", 1)[0]), started=int(fields[19]))

    def pidfd(self) -> int | None:
        """A file descriptor that turns readable at the exit, or None where the process is gone already."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if Process.find(self.pid) == self:
            return descriptor
        os.close(descriptor)
        return None

    def running(self) -> bool:
        """Whether it has not exited yet. A zombie is not running."""
        return bool(wait_gone([self], timeout=0))

    def send(self, number: signal.Signals) -> bool:
        """Signal exactly this process; False where it is gone. Raises PermissionError for another user's."""
        descriptor = self.pidfd()
        if descriptor is None:
            return False
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True


def wait_gone(processes: Iterable[Process], timeout: float) -> list[Process]:
    """Wait until all have exited, at most `timeout` seconds; the ones still running come back."""
    deadline = time.monotonic() + timeout
    watched = {fd: process for process in processes if (fd := process.pidfd()) is not None}
    poller = select.poll()
    for descriptor in watched:
        poller.register(descriptor, select.POLLIN)
    try:
        while watched:
            left = max(0.0, deadline - time.monotonic())
            exited = poller.poll(left * 1000)
            if not exited:
                break
            for descriptor, _ in exited:
                poller.unregister(descriptor)
                os.close(descriptor)
                del watched[descriptor]
        return sorted(watched.values())
    finally:
        for descriptor in watched:
            os.close(descriptor)


def processes_below(directory: Path) -> list[Process]:
    """Every process whose working directory is `directory` or below it, also after the directory was removed.

    An engine's backends have their own process groups and sessions, but all work in the data directory.
    Only processes that this user may look at are seen, so ask as the user that runs the engines (or root).
    """
    return _those_where(_works_below(directory))


def processes_marked(variable: str, value: str) -> list[Process]:
    """Every process that was started with this environment variable, itself or through its parents."""
    return _those_where(_started_with(f"{variable}={value}".encode()))


def end_all(directory: Path, timeout: float) -> list[Process]:
    """SIGKILL every process that works at or below `directory` and wait for the proof that all are gone.

    Two empty looks in a row are the proof: one look reads /proc entry by entry and can miss a child that is
    forked behind its back. Returns the processes that were ended. Raises StillRunningError after `timeout`
    seconds.
    """
    return _end(_works_below(directory), timeout)


def end_marked(variable: str, value: str, timeout: float) -> list[Process]:
    """Like end_all, for every process that was started with this environment variable."""
    return _end(_started_with(f"{variable}={value}".encode()), timeout)


def _works_below(directory: Path) -> Matches:
    top = os.path.realpath(directory)

    def matches(process: str) -> bool:
        where = os.readlink(f"{process}/cwd")  # noqa: PTH115 - see _those_where
        return any(path == top or path.startswith(top + "/") for path in (where, where.removesuffix(DELETED)))

    return matches


def _started_with(setting: bytes) -> Matches:
    return lambda process: setting in Path(process, "environ").read_bytes().split(b"\0")


def _those_where(matches: Matches) -> list[Process]:
    """A failover looks at every process of the machine two or three times: with names alone, a millisecond each."""
    found = []
    for name in os.listdir(PROC):  # noqa: PTH208
        if not name.isdecimal() or int(name) == os.getpid():
            continue
        # A process may be gone, be another user's, or be a zombie (no cwd): none of these is ours to count.
        with contextlib.suppress(OSError):
            if matches(f"{PROC}/{name}") and (process := Process.find(int(name))) is not None:
                found.append(process)
    return found


def _end(matches: Matches, timeout: float) -> list[Process]:
    deadline = time.monotonic() + timeout
    ended: set[Process] = set()
    empty_looks = 0
    while empty_looks < 2:
        found = _those_where(matches)
        empty_looks = 0 if found else empty_looks + 1
        for process in found:
            process.send(signal.SIGKILL)
        remaining = wait_gone(found, max(0.0, deadline - time.monotonic()))
        if remaining:
            raise StillRunningError(remaining)
        ended.update(found)
    return sorted(ended)
