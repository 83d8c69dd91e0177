"""Which node a backup is cloned from: a standby that has everything the primary has committed, else the primary."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Final

import pymysql

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive.marks import mark
from datastores.sites.local.mysql.following import Stream, executed
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.mysql.part import beside
from host.files import write_private

log = logging.getLogger(__name__)
SOURCES_FILE: Final = "backup-sources.json"  # of the primary: the standbys that may be cloned, then the one that is
CATCH_UP_SECONDS: Final = 1.5  # how long a standby is waited for
REACHED: Final = 0  # the server's answer when it has everything in time


def offer(place: Place, standbys: Sequence[Place]) -> None:
    """Write down which standbys the next backup of a primary may be cloned from."""
    _write(place, standbys)


def offered(place: Place) -> list[Place]:
    """Return them; from the beginning of a backup on, the one that is cloned, if any is."""
    try:
        noted: list[tuple[str, int]] = json.loads((place.directory / SOURCES_FILE).read_text())
    except FileNotFoundError:
        return []
    return [beside(place, name, port) for name, port in noted]


def choose(place: Place) -> tuple[Place, str]:
    """Return the node to be cloned, and transactions that it certainly has: all that the primary has by now.

    A mark is committed first where a standby is: only the primary knows which events its tenant has switched off.
    Raises ArchiverError, pymysql.Error and OSError where the primary does not answer.
    """
    standbys = offered(place)
    with administration(place) as session:
        try:
            if standbys:
                mark(session)
        except ArchiverError:  # writes wait for a standby: none has everything
            standbys = []
        there = executed(session)
    source = next((standby for standby in standbys if _has(standby, place, there)), None)
    _write(place, [source] if source else [])
    return source or place, there


def _has(standby: Place, primary: Place, wanted: str) -> bool:
    """Whether a standby that follows this primary has these transactions, now or in a moment."""
    try:
        with administration(standby, patience=CATCH_UP_SECONDS) as session:
            stream = Stream.of(session)
            if stream is None or stream.port != primary.port or not stream.receives or not stream.applies:
                return False
            ((answer,),) = session.execute(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{wanted}', {CATCH_UP_SECONDS})")
    except (pymysql.Error, OSError) as error:
        log.info("The standby %s is not copied from: %s.", standby.name, type(error).__name__)
        return False
    return answer == REACHED


def _write(place: Place, standbys: Sequence[Place]) -> None:
    write_private(place.directory / SOURCES_FILE, json.dumps([(standby.name, standby.port) for standby in standbys]))
