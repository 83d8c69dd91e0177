"""Stops a PostgreSQL node's writes while its disk is nearly full, in a way that still lets its tenant delete.

A file that the settings include makes transactions read-only by default: for sessions that are open from
their next transaction on, for new ones at once, and after a restart as well. It is a default, not a lock: a tenant who
wants to make room says ``SET default_transaction_read_only = off`` and may DELETE, TRUNCATE, DROP and
VACUUM FULL. A lock that knows growing from shrinking statements does not exist in PostgreSQL.
"""

from __future__ import annotations

import psycopg

from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.configuration import NOTE, WRITES_FILE
from datastores.sites.local.postgresql.logins import bystander_login, platform_login
from datastores.sites.local.postgresql.names import PLATFORM
from host.files import write_private
from host.waiting import wait_until

RELOAD_SECONDS = 2.0
# Transactions from before the switch may go on writing for hours. They are rolled back; their clients see an
# error and begin anew. Those that began later have chosen to write.
END_EARLIER_WRITERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_xid IS NOT NULL AND usename <> %s AND xact_start < pg_conf_load_time()
"""


def set_read_only(place: Place, *, read_only: bool) -> bool:
    """Have the node's transactions read-only by default, or not; True when the server behaves so now.

    May be stopped and run again at any instant: the file stays until the server was seen to follow it, and no
    file is the proof that nothing is left to do.
    """
    file = place.configuration / WRITES_FILE
    if not read_only and not file.exists():
        return True
    try:
        write_private(file, f"{NOTE}default_transaction_read_only = {'on' if read_only else 'off'}\n")
        if not _loaded(place, read_only=read_only):
            return False
        if read_only:
            with platform_login(place) as connection:
                connection.execute(END_EARLIER_WRITERS, [PLATFORM])
    except (psycopg.OperationalError, FileNotFoundError):  # down, or being deleted
        return False
    if not read_only:
        file.unlink(missing_ok=True)
    return True


def _loaded(place: Place, *, read_only: bool) -> bool:
    """Have the settings read again unless they are followed already; say whether they are."""

    def follows() -> bool:
        with bystander_login(place) as connection:
            return connection.execute("SHOW default_transaction_read_only").fetchone() == (
                "on" if read_only else "off",
            )

    if follows():
        return True
    with platform_login(place) as connection:
        connection.execute("SELECT pg_reload_conf()")
    return wait_until(follows, RELOAD_SECONDS)
