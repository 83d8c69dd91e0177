"""Gives back the disk that a MySQL node's log of changes takes, before its tenant would have to delete data for it.

The log holds every change of a day. A tenant who changes much and keeps little would fill the disk with it, could delete
nothing of it, and would wait for a day with writes stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pymysql

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.logins import administration

# Files of at most ``max_binlog_size``, a 64th of the plan's disk: an eighth of it stays for readers that lag.
FILES_KEPT: Final = 8


def make_room(place: Place) -> None:
    """Remove all but the newest files of the log of changes. The server keeps one that is being read, and all later ones."""
    try:
        with administration(place) as session:
            names = [str(row[0]) for row in session.execute("SHOW BINARY LOGS")]
            if first := first_kept(names):
                session.execute(f"PURGE BINARY LOGS TO '{first}'")
    except (pymysql.Error, OSError):  # down: at the next look
        return


def first_kept(names: Sequence[str]) -> str:
    """Return the oldest file that stays, empty where all of them do. ``names`` are in the order of their making."""
    return names[-FILES_KEPT] if len(names) > FILES_KEPT else ""
