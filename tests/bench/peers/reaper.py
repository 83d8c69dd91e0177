"""Runs a command as the init of its own small world: reaps what it leaves, and ends with whoever started it.

Patroni leaves its dead PostgreSQL to init. Where that is slow to reap, as in many containers, a postmaster that is a zombie
still holds its lock, and the comparison would be unfair.

Run as a file: ``python reaper.py DIRECTORY COMMAND …``; everything that works below the directory ends with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> None:
    """Start the command and reap until there is nothing left."""
    top, command = Path(sys.argv[1]), sys.argv[2:]
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from host.processes import end_all

    signal.signal(signal.SIGTERM, lambda _number, _frame: end_all(top, 10))
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    subprocess.Popen(command)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


if __name__ == "__main__":
    main()
