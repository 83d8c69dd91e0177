"""Runs a program in the background and has it rest while others compute: ``python giving_way.py PROGRAM ARGUMENT …``.

Niceness and slices (``slices``) share out the processor. A server's clients wait for the disk as well: each write of MySQL is
a journal entry of the file system, which comes after all that the program has just written. So as long as programs that are
not nice need the processor, this one works for a fifth of the time; what else runs in the background does not count. An
hour after its start it rests no more, so that it ends soon enough.

It rests by being stopped, with all that it started. Should this process be killed meanwhile, Linux itself wakes them and asks
them to end: members of an orphaned process group that are stopped are sent SIGHUP and SIGCONT (POSIX, ``_exit``).

This file is run by itself and imports nothing of its package.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

STAT: Final = Path("/proc/stat")
TICKS: Final = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS: Final = 0.5
BUSY, LOOKS = 0.2, 2  # of one core, so many times in a row
WORK_SECONDS, REST_SECONDS = 0.025, 0.1
MOST_SECONDS: Final = 3600.0  # after its start; less than alarms of silence allow a daily backup to be late


class Others:
    """The processor time of programs that are not nice, on the whole machine."""

    def __init__(self) -> None:
        self._seen, self._used, self._looks = time.monotonic(), self._seconds(), 0

    def are_busy(self) -> bool:
        """Say whether they needed the processor at the last looks, two a second; one look alone may have met a moment's work."""
        now = time.monotonic()
        if now - self._seen >= LOOK_SECONDS:
            used = self._seconds()
            self._looks = self._looks + 1 if used - self._used > BUSY * (now - self._seen) else 0
            self._seen, self._used = now, used
        return self._looks >= LOOKS

    @staticmethod
    def _seconds() -> float:
        return int(STAT.read_text().split(maxsplit=2)[1]) / TICKS


def run(arguments: list[str]) -> int:
    """Run it to its end; its exit code, or 128 and the number of the signal that ended it."""
    # Its own process group, in this session; open files are its own, such as the lock that says that it runs.
    program = subprocess.Popen(arguments, process_group=0, close_fds=False)
    ended = select.poll()
    ended.register(os.pidfd_open(program.pid), select.POLLIN)
    others, until = Others(), time.monotonic() + MOST_SECONDS
    resting = False
    while not ended.poll(1000 * (WORK_SECONDS if resting else LOOK_SECONDS)):
        resting = others.are_busy() and time.monotonic() < until
        if resting:
            os.killpg(program.pid, signal.SIGSTOP)
            time.sleep(REST_SECONDS)
            os.killpg(program.pid, signal.SIGCONT)
    code = program.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
