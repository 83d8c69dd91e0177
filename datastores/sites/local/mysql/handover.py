"""Taking over and handing over: a standby becomes the primary, a primary steps down."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Final

import pymysql

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.events import enable_events
from datastores.sites.local.mysql.following import Stream, executed, forget_source, missing
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.part import Part, Role, as_primary, read_part, update_part
from datastores.sites.local.mysql.read_only import end_sessions, transactions_are_read_only
from datastores.sites.local.replication import NotAnswering
from host.waiting import wait_until

DRAIN_SECONDS: Final = 0.5  # how long a promotion itself watches a standby apply what it has received
CLOSE_SECONDS: Final = 0.8
RECEIVE_SECONDS: Final = 0.8
APPLY_SECONDS: Final = 0.4
OPEN: Final = "SET GLOBAL read_only = OFF, GLOBAL event_scheduler = ON"
STEP_DOWN: Final = "SET GLOBAL super_read_only = ON, GLOBAL event_scheduler = OFF"


def promote(place: Place) -> None:
    """Make a standby the primary, that waits for nobody, or begin to: ``go_on`` carries on with what is left."""
    if read_part(place).role != Role.PRIMARY:
        update_part(place, lambda part: as_primary(part, ()), durable=False)
    with administration(place) as session:
        go_on(place, session, DRAIN_SECONDS)


def is_unfinished(part: Part) -> bool:
    """Whether ``go_on`` has something to do."""
    return part.role == Role.PROMOTING or (part.role == Role.PRIMARY and part.unsettled)


def go_on(place: Place, session: Administration, seconds: float) -> None:
    """Carry on with a promotion that was begun: apply everything that was received, which is watched for so many seconds,
    then take writes, then settle."""
    part = read_part(place)
    if part.role == Role.PROMOTING:
        if not _applied_everything(session, seconds):
            return
        part = update_part(place, lambda before: replace(before, role=Role.PRIMARY), durable=False)
        _open(place, session, waits=bool(part.told))
    if is_unfinished(part):
        forget_source(session)
        enable_events(place, session)
        update_part(place, lambda before: replace(before, unsettled=False), durable=False)


def step_down(place: Place, standby: Place) -> None:
    """Take no writes any more, and prove that ``standby`` has all that were acknowledged; raises NotAnswering."""
    update_part(place, _stepped_down)
    try:
        with administration(place) as session:
            _close(session)
            everything = executed(session)
        with administration(standby) as session:
            if not wait_until(lambda: _has(session, everything), RECEIVE_SECONDS):
                raise NotAnswering("The standby has not received everything that the primary wrote.")
            session.execute(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{everything}', {APPLY_SECONDS})")
    except (pymysql.Error, OSError):
        raise NotAnswering("A server did not answer the platform while the primary stepped down.") from None


def take_back(place: Place) -> None:
    """Be the primary again. A server that is down is at its next start."""
    part = update_part(place, _taken_back)
    if part.role != Role.PRIMARY:
        raise NotAnswering("The node follows another one by now.")
    with contextlib.suppress(pymysql.Error, OSError), administration(place) as session:
        _open(place, session, waits=bool(part.told))


def _stepped_down(part: Part) -> Part:
    return replace(part, role=Role.STEPPED_DOWN) if part.role == Role.PRIMARY else part


def _taken_back(part: Part) -> Part:
    return replace(part, role=Role.PRIMARY) if part.role == Role.STEPPED_DOWN else part


def _applied_everything(session: Administration, seconds: float) -> bool:
    stream = Stream.of(session)
    if stream is None:
        return True
    session.execute("STOP REPLICA IO_THREAD")
    if stream.failed:  # its position has not counted what it can't apply
        return True
    if not stream.applies:
        session.execute("START REPLICA SQL_THREAD")
    stream = Stream.of(session) or stream
    waited = session.execute(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{stream.received}', {seconds})")
    if waited[0][0] != 0:
        return False
    session.execute("STOP REPLICA")
    return True


def _open(place: Place, session: Administration, *, waits: bool) -> None:
    session.execute(f"SET GLOBAL rpl_semi_sync_source_enabled = {'ON' if waits else 'OFF'}")
    session.execute("SET GLOBAL rpl_semi_sync_replica_enabled = OFF")
    if transactions_are_read_only(place):
        session.execute("SET GLOBAL transaction_read_only = ON")
    session.execute(OPEN)


def _close(session: Administration) -> None:
    """Sessions that have written something and are not done are ended: they would hold the switch up, and fail anyway."""
    until = time.monotonic() + CLOSE_SECONDS
    while True:
        end_sessions(session)
        try:
            session.execute("SET SESSION lock_wait_timeout = 1")
            session.execute(STEP_DOWN)
        except pymysql.err.OperationalError:
            if time.monotonic() > until:
                raise
        else:
            return


def _has(session: Administration, everything: str) -> bool:
    stream = Stream.of(session)
    return not missing(session, everything, stream.held if stream else executed(session))
