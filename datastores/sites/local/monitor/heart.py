"""Whether a server is alive, from when it was asked and when it answered: no clock, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Seconds. A healthy server answered a kept session within 17 ms, and a fresh one within 58, under every load that was
# tried (a hundred clients writing, both cores compressing, a base backup): more than ten times that.
DEADLINE: Final = 0.75


@dataclass
class Heart:
    """Signs of life of one process of a server; a new process gets a new heart. All times are of one monotonic clock.

    answered  when it served last; None: not yet, and until then it can't be called hung: recovery takes its time
    asked     when the open question was put; None: there is none
    stopped   since when the kernel has shown it as stopped (SIGSTOP)
    """

    answered: float | None = None
    asked: float | None = None
    stopped: float | None = None

    def ask(self, now: float) -> None:
        """A question is put, or could not be put: the first that stays open counts."""
        if self.asked is None:
            self.asked = now

    def answer(self, now: float, *, serves: bool) -> None:
        """An answer came. One that says "not yet" is a sign of life, too, but no service."""
        self.asked = None
        if serves:
            self.answered = now

    def look(self, now: float, *, stopped: bool) -> None:
        """The kernel was asked for the state of its main process."""
        if not stopped:
            self.stopped = None
        elif self.stopped is None:
            self.stopped = now

    def is_hung(self, now: float) -> bool:
        """Whether it served once and has been silent, or stopped, for longer than the deadline."""
        since = [moment for moment in (self.asked, self.stopped) if moment is not None]
        return self.answered is not None and bool(since) and now - min(since) > DEADLINE

    def forgive(self, seconds: float) -> None:
        """The asker itself did not run for so long, so nobody else's silence in that time counts."""
        if self.asked is not None:
            self.asked += seconds
        if self.stopped is not None:
            self.stopped += seconds
