"""One watched node: its process by a descriptor that tells the exit at once, and its pulse."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from datastores.sites.local.monitor.facts import Facts
from datastores.sites.local.monitor.heart import Heart
from datastores.sites.local.pulse import Pulse
from host.processes import Process

STOPPED = (b"T", b"t")
# Seconds between questions: a failover is worth a quick look, a single node can only be restarted.
PERIODS = {(True, True): 0.3, (False, True): 1.0, (True, False): 2.0, (False, False): 2.0}
MISSING_PERIOD = 0.05
# A server that does one thing at a time is working, not hung, while it uses this share of a processor; what a busy
# machine leaves to it is more, what one that is stuck uses is nothing. Looked at over at least half a second.
WORKING_SHARE = 0.05
SAMPLE_SECONDS = 0.5
MOST_WORK_SECONDS = 30.0  # then it is hung all the same: nobody was served for that long
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 5.0  # for a process that is not there, when the watch begins and after each attempt to mend it


@dataclass
class Watch:
    """What the loop knows of a node. ``busy`` while something is done about it: then it is only looked for."""

    facts: Facts
    pulse: Pulse
    find: Callable[[str], Process | None]
    missing_since: float
    heart: Heart = field(default_factory=Heart)
    process: Process | None = None
    pidfd: int = -1
    next_at: float = 0.0
    busy: bool = False
    registered: int = -1
    _stat: int = -1
    _sampled_at: float = 0.0
    _used: float = 0.0
    _works: bool = False

    @property
    def period(self) -> float:
        """Seconds until the next question."""
        if self.process is None:
            return MISSING_PERIOD
        return PERIODS[self.facts.is_primary, self.facts.has_standbys]

    def look_for_process(self) -> bool:
        """Find the program that runs now; True where there is a new one, whose exit can be waited for."""
        found = self.find(self.facts.place.name)
        if found is None or (descriptor := found.pidfd()) is None:
            return False
        self.process, self.pidfd, self.heart = found, descriptor, Heart()
        with contextlib.suppress(OSError):
            self._stat = os.open(f"/proc/{found.pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        return True

    def is_stopped(self) -> bool:
        """Whether the kernel shows the main process as stopped."""
        return self._process_line()[:1] in STOPPED

    def is_working(self, now: float) -> bool:
        """Whether a server that is silent works on something long. The first look begins to measure."""
        silent = now - (self.heart.asked or now)
        if not self.pulse.one_at_a_time or self.heart.stopped is not None or silent > MOST_WORK_SECONDS:
            return False
        elapsed = now - self._sampled_at
        if elapsed < SAMPLE_SECONDS:
            return self._works
        fields = self._process_line().split()
        used = (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else 0.0
        self._works = elapsed > 2 * SAMPLE_SECONDS or used - self._used >= WORKING_SHARE * elapsed
        self._sampled_at, self._used = now, used
        return self._works

    def _process_line(self) -> bytes:
        """What the kernel says of the main process, from its state on; empty where it has ended."""
        if self._stat < 0:
            return b""
        try:
            return os.pread(self._stat, 400, 0).rpartition(b") ")[2]
        except OSError:
            return b""

    def data_is_gone(self) -> bool:
        """Whether what the server can't do without was removed."""
        return not os.path.lexists(self.facts.vital)

    def forget_process(self, now: float) -> None:
        """Let go of a process that has ended."""
        self.missing_since = now
        self.process = None
        self.heart = Heart()
        self.pulse.close()
        for descriptor in (self.pidfd, self._stat):
            if descriptor >= 0:
                os.close(descriptor)
        self.pidfd = self._stat = -1
