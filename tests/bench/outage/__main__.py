"""The loop itself, in a process of its own, so that nothing that the measuring program does delays it.

In: the target as one line, then the end of the input as the sign to stop. Out: a line per acknowledged row (its number
and the monotonic time), then the rows that are there at the end as one line of JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from .cache import CacheSession
from .mysql import MySQLSession
from .postgresql import PostgreSQLSession
from .target import Session, SessionError, Target
from .times import BACK_OFF_SECONDS, PAUSE_SECONDS

SESSIONS: dict[str, Callable[[Target], Session]] = {
    "postgresql": PostgreSQLSession,
    "mysql": MySQLSession,
    "cache": CacheSession,
}
READING_SECONDS = 60.0


def write(target: Target, stopped: threading.Event) -> None:
    """Insert row after row and tell each that was acknowledged, until the sign to stop."""
    session: Session | None = None
    number = 0
    while not stopped.is_set():
        try:
            session = session or SESSIONS[target.protocol](target)
            number += 1
            session.insert(number)
        except SessionError:
            if session is not None:
                session.close()
            session = None
            time.sleep(BACK_OFF_SECONDS)
            continue
        sys.stdout.write(f"{number} {time.monotonic():.6f}\n")
        sys.stdout.flush()
        time.sleep(PAUSE_SECONDS)
    if session is not None:
        session.close()


def with_session(target: Target, work: Callable[[Session], object]) -> object:
    """Connect and do the work; again where it fails, for a minute."""
    deadline = time.monotonic() + READING_SECONDS
    while True:
        session = None
        try:
            session = SESSIONS[target.protocol](target)
            return work(session)
        except SessionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(BACK_OFF_SECONDS)
        finally:
            if session is not None:
                with suppress(SessionError):
                    session.close()


def wait_for_the_end(stopped: threading.Event) -> None:
    """Give the sign to stop at the end of the input."""
    sys.stdin.read()
    stopped.set()


def main() -> None:
    """Write until told to stop, then read all rows."""
    target = Target.from_json(sys.stdin.readline())
    with_session(target, lambda session: session.prepare())
    stopped = threading.Event()
    threading.Thread(target=wait_for_the_end, args=(stopped,), daemon=True).start()
    write(target, stopped)
    sys.stdout.write(json.dumps({"found": with_session(target, lambda session: session.numbers())}) + "\n")


if __name__ == "__main__":
    main()
