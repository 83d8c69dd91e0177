"""Lock files that a server left behind when the machine went down."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .processes import processes_below


def remove_stale(locks: Iterable[Path], directory: Path) -> bool:
    """Remove a server's lock files; False, and nothing removed, while a process works in its data directory.

    A lock file holds a process id. After a restart of the machine that id may be another server's, and then
    the old lock would keep its own server from starting. Call it only while nothing can start the server.
    """
    if processes_below(directory):
        return False
    for lock in locks:
        lock.unlink(missing_ok=True)
    return True
