"""Which standbys confirm a transaction before the primary's client is told that it is committed.

The primary takes the confirmation of any standby that offers it. So what is switched is the standbys: one that does
not count must not offer, also after it comes back from wherever it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import pymysql

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.following import Stream
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.names import NO_TENANTS, READERS_OF_THE_LOG
from datastores.sites.local.mysql.part import Role, beside, read_part, update_part
from host.processes import end_all
from host.waiting import wait_until

CONFIRMING: Final = "SHOW STATUS LIKE 'Rpl_semi_sync_source_clients'"
CONFIRMS: Final = "SHOW STATUS LIKE 'Rpl_semi_sync_replica_status'"
WAITS: Final = "SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_source_enabled'"
RECONNECT_SECONDS: Final = 1.0
ASK_SECONDS: Final = 1.0
END_SECONDS: Final = 5.0


def set_synchronous(place: Place, names: Iterable[str]) -> None:
    """Have the running primary wait for any one of these; nobody where it is empty. Files first or last, so that the
    node's part always names at least the standbys that really confirm."""
    wanted = tuple(sorted(names))
    if wanted:
        have_confirm(place, wanted)
    update_part(place, lambda part: replace(part, told=wanted))
    with administration(place) as session:
        session.execute(f"SET GLOBAL rpl_semi_sync_source_enabled = {'ON' if wanted else 'OFF'}")


def have_confirm(place: Place, wanted: tuple[str, ...]) -> None:
    """Keep all others from confirming what ``place`` sends them, then have ``wanted`` do so."""
    for name in read_part(place).acknowledging:
        if name not in wanted:
            _keep_from_confirming(beside(place, name))
    update_part(place, lambda part: replace(part, acknowledging=wanted))
    for name in wanted:
        _have_confirm(beside(place, name))


def waits(session: Administration) -> bool:
    """Whether commits wait for a standby."""
    return any(row[1] == "ON" for row in session.execute(WAITS))


def confirming(session: Administration) -> int:
    """Return how many readers of a primary's log confirm what they receive."""
    ((_, number),) = session.execute(CONFIRMING)
    return int(str(number))


def strangers(session: Administration, known: int) -> list[object]:
    """Return the sessions of a tenant's own readers of the log, where more confirm than the ``known`` standbys.

    A tenant may read the log, and a replica of his may offer to confirm. The server would take that for a standby's
    word. It does not say whose it was, so all such readers are named.
    """
    if confirming(session) <= known:
        return []
    rows = session.execute("SHOW PROCESSLIST")
    return [row[0] for row in rows if row[1] not in NO_TENANTS and str(row[4]).startswith(READERS_OF_THE_LOG)]


def _have_confirm(standby: Place) -> None:
    """A standby that is away does so when it comes back."""
    if not _note(standby, confirms=True):
        return
    with contextlib.suppress(pymysql.Error, OSError), administration(standby, seconds=ASK_SECONDS) as session:
        session.execute("SET GLOBAL rpl_semi_sync_replica_enabled = ON")
        if not confirms(session):
            _reconnect(session)
            wait_until(lambda: confirms(session), RECONNECT_SECONDS)


def _keep_from_confirming(standby: Place) -> None:
    """One that does not answer may be frozen and go on later: it is ended, and comes back as its file says."""
    _note(standby, confirms=False)
    try:
        with administration(standby, seconds=ASK_SECONDS, patience=ASK_SECONDS) as session:
            session.execute("SET GLOBAL rpl_semi_sync_replica_enabled = OFF")
            if confirms(session):
                _reconnect(session)
    except (pymysql.Error, OSError):
        end_all(standby.data, END_SECONDS)


def _note(standby: Place, *, confirms: bool) -> bool:
    """Save it for the next start; False where the node is no standby, or gone."""
    if read_part(standby).role != Role.STANDBY:
        return False
    update_part(standby, lambda part: replace(part, acknowledges=confirms and part.role == Role.STANDBY))
    return True


def confirms(session: Administration) -> bool:
    """Whether a standby's stream confirms what it receives."""
    return any(row[1] == "ON" for row in session.execute(CONFIRMS))


def _reconnect(session: Administration) -> None:
    """A stream confirms or not from its beginning on."""
    stream = Stream.of(session)
    if stream is not None and stream.applies:
        session.execute("STOP REPLICA IO_THREAD")
        session.execute("START REPLICA IO_THREAD")
