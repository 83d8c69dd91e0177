"""Which node a backup is cloned from: a standby that has everything the primary has committed, else the primary."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import pymysql

from datastores.sites.local.archive import standbys as archive_standbys
from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive.marks import mark
from datastores.sites.local.mysql.following import Stream, executed, missing
from datastores.sites.local.mysql.logins import administration
from host.waiting import wait_until

log = logging.getLogger(__name__)
SOURCES_FILE: Final = "backup-sources.json"  # of the primary: the standbys that may be cloned, then the one that is
CATCH_UP_SECONDS: Final = 1.5  # how long a standby is waited for
ASK_SECONDS: Final = 1.0


def offer(place: Place, standbys: Sequence[Place]) -> None:
    """Write down which standbys the next backup of a primary may be cloned from."""
    archive_standbys.offer(place.directory / SOURCES_FILE, standbys)


def offered(place: Place) -> list[Place]:
    """Return them; from the beginning of a backup on, the one that is cloned, if any is."""
    return archive_standbys.offered(place.directory / SOURCES_FILE)


def choose(place: Place) -> tuple[Place, str]:
    """Return the node to be cloned, and transactions that it certainly has: all that the primary has by now.

    A mark is committed first where a standby is: only the primary knows which events its tenant has switched off.
    Raises pymysql.Error and OSError where the primary does not answer.
    """
    standbys = [standby for standby in offered(place) if _lacks(standby, place, "") is not None]
    if standbys and not _marked(place):  # writes wait for a standby, or for a tenant's lock
        standbys = []
    with administration(place) as session:
        there = executed(session)
    source = next((standby for standby in standbys if _catches_up(standby, place, there)), None)
    offer(place, [source] if source else [])
    return source or place, there


def _marked(place: Place) -> bool:
    try:
        with administration(place, seconds=ASK_SECONDS) as session:
            mark(session)
    except (ArchiverError, pymysql.Error, OSError):
        return False
    return True


def _catches_up(standby: Place, primary: Place, wanted: str) -> bool:
    """Whether a standby has these transactions, now or in a moment. Others get in between the questions."""
    return wait_until(lambda: _lacks(standby, primary, wanted) == "", CATCH_UP_SECONDS)


def _lacks(standby: Place, primary: Place, wanted: str) -> str | None:
    """Return those of the wanted transactions that a standby has not applied; None for one that does not follow this
    primary, or does not say so at once."""
    try:
        with administration(standby, seconds=ASK_SECONDS, patience=ASK_SECONDS) as session:
            stream = Stream.of(session)
            if stream and stream.port == primary.port and stream.receives and stream.applies:
                return missing(session, wanted, stream.executed)
    except (pymysql.Error, OSError) as error:
        log.info("The standby %s is not copied: %s.", standby.name, type(error).__name__)
    return None
