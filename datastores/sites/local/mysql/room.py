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

# Of ``max_binlog_size``, a 64th of the plan's disk: an eighth of it stays for readers that lag and for the archive. In bytes,
# since a file is closed for the archive every minute, however small it is.
FILES_KEPT: Final = 8


def make_room(place: Place) -> None:
    """Remove all but the newest part of the log of changes. The server keeps a file that is being read, and all later ones."""
    try:
        with administration(place) as session:
            files = [(str(row[0]), int(str(row[1]))) for row in session.execute("SHOW BINARY LOGS")]
            most = FILES_KEPT * int(str(session.execute("SELECT @@GLOBAL.max_binlog_size")[0][0]))
            if first := first_kept(files, most):
                session.execute(f"PURGE BINARY LOGS TO '{first}'")
    except (pymysql.Error, OSError):  # down: at the next look
        return


def first_kept(files: Sequence[tuple[str, int]], most: int) -> str:
    """Return the oldest file that stays where ``most`` bytes may, empty where all of them do. ``files`` are names and sizes, in
    the order of their making; the one that is being written always stays."""
    total = 0
    for index in range(len(files) - 1, -1, -1):
        total += files[index][1]
        if total > most and index < len(files) - 1:
            return files[index + 1][0]
    return ""
