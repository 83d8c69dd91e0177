"""What `up` becomes once everything runs: it waits for Ctrl-C, then stops the console.

Run as a program of its own, with nothing but the standard library, so that waiting takes 10 MiB and not 80.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

LOOK_SECONDS = 1
ENDINGS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def block() -> None:
    """Hold the signals back until :func:`wait` takes them; a program that this one becomes inherits that."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)


def wait(service: Path) -> bool:
    """Wait for a signal to end; False where somebody else stopped ``service`` meanwhile."""
    block()
    while not (service / "down").exists():
        if signal.sigtimedwait(ENDINGS, LOOK_SECONDS):
            return True
    return False


def main(service: Path, checkout: Path) -> None:
    """Wait, then become `manage.py down`."""
    if not wait(service):
        sys.stdout.write("The console was stopped by `down`; data stores go on.\n")
        return
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not break the stop off
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    sys.stdout.write("\n")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(checkout / "manage.py"), "down"])  # noqa: S606


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
