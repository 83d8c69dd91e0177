"""Stops a MySQL node's writes while its disk is nearly full, in a way that still lets its tenant delete.

Transactions become read-only by default, after a restart as well. It is a default, not a lock: a tenant who
wants to make room says ``SET SESSION transaction_read_only = OFF`` and may DELETE, TRUNCATE, DROP and OPTIMIZE.
``read_only``, which is a lock, would refuse that, too. A session takes the default when it begins and keeps it,
so at either change the sessions of before are ended; their clients connect again.
"""

from __future__ import annotations

from pathlib import Path

import pymysql
from pymysql.constants import ER

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.configuration import WRITES_ALLOWED, WRITES_FILE
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.names import NO_TENANTS, READERS_OF_THE_LOG
from datastores.sites.local.mysql.part import read_part
from host.files import write_private

# What the settings include. All but the first, and WRITES_ALLOWED, say that something is left to do.
STOPPED = f"{WRITES_ALLOWED}transaction_read_only = ON\n"
STOPPING = f"{STOPPED}# Sessions of before may be open.\n"
ALLOWING = f"{WRITES_ALLOWED}transaction_read_only = OFF\n"


def set_read_only(place: Place, *, read_only: bool) -> bool:
    """Have the node's transactions read-only by default, or not; True when the server behaves so now.

    May be stopped and run again at any instant: the file says what is left to do. A standby takes no writes but those
    of its primary, which must go on; it keeps the file for the day on which it is promoted.
    """
    file = place.configuration / WRITES_FILE
    if read_part(place).is_read_only:
        write_private(file, STOPPING if read_only else WRITES_ALLOWED)
        return True
    under_way, done = (STOPPING, STOPPED) if read_only else (ALLOWING, WRITES_ALLOWED)
    try:
        if not read_only and file.read_text() == done:
            return True
        return _switch(place, file, under_way, done)
    except (pymysql.Error, FileNotFoundError):  # down, or being deleted
        return False


def transactions_are_read_only(place: Place) -> bool:
    """Whether writes are stopped, or are to be, once the node takes any."""
    try:
        return (place.configuration / WRITES_FILE).read_text() in {STOPPED, STOPPING}
    except FileNotFoundError:
        return False


def _switch(place: Place, file: Path, under_way: str, done: str) -> bool:
    fresh = file.read_text() != done
    if fresh:
        write_private(file, under_way)
    with administration(place) as session:
        session.execute(f"SET GLOBAL transaction_read_only = {'OFF' if done == WRITES_ALLOWED else 'ON'}")
        if fresh:
            end_sessions(session)
    if fresh:
        write_private(file, done)
    return True


def end_sessions(session: Administration) -> None:
    """End the tenants' sessions, but not those that read the log of changes."""
    for number, user, _, _, command, *_ in session.execute("SHOW PROCESSLIST"):
        if user in NO_TENANTS or str(command).startswith(READERS_OF_THE_LOG):
            continue
        try:
            session.execute(f"KILL {number}")
        except pymysql.MySQLError as error:
            if error.args[0] != ER.NO_SUCH_THREAD:
                raise
