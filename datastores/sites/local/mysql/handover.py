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
from datastores.sites.local.mysql.part import Role, as_primary, read_part, save_part
from datastores.sites.local.mysql.read_only import end_sessions, transactions_are_read_only
from datastores.sites.local.replication import NotAnswering
from host.waiting import wait_until

DRAIN_SECONDS: Final = 0.5  # of one look at a standby that applies what it has received
CLOSE_SECONDS: Final = 0.8
RECEIVE_SECONDS: Final = 0.8
APPLY_SECONDS: Final = 0.4
OPEN: Final = "SET GLOBAL read_only = OFF, GLOBAL event_scheduler = ON"
STEP_DOWN: Final = "SET GLOBAL super_read_only = ON, GLOBAL event_scheduler = OFF"


def promote(place: Place) -> None:
    """Make a standby the primary, that waits for nobody, or begin to: ``go_on`` carries on with what is left."""
    part = read_part(place)
    if part.role != Role.PRIMARY:
        save_part(place, as_primary(part, ()))
    with administration(place) as session:
        go_on(place, session)


def go_on(place: Place, session: Administration) -> None:
    """Carry on with a promotion that was begun: apply everything that was received, then take writes, then switch on the
    tenant's events. Nothing is left to do on any other node."""
    part = read_part(place)
    if part.role == Role.PROMOTING:
        if not _applied_everything(session):
            return
        forget_source(session)
        part = replace(part, role=Role.PRIMARY)
        save_part(place, part)
        _open(place, session, waits=bool(part.told))
    if part.role == Role.PRIMARY and part.events_due:
        if _is_read_only(session):  # it was stopped in between
            _open(place, session, waits=bool(part.told))
        enable_events(place, session)
        save_part(place, replace(read_part(place), events_due=False))


def step_down(place: Place, standby: Place) -> None:
    """Take no writes any more, and prove that ``standby`` has all that were acknowledged; raises NotAnswering."""
    part = read_part(place)
    if part.role == Role.PRIMARY:
        save_part(place, replace(part, role=Role.STEPPED_DOWN))
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
    part = read_part(place)
    if part.role == Role.STEPPED_DOWN:
        part = replace(part, role=Role.PRIMARY)
        save_part(place, part)
    if part.role != Role.PRIMARY:
        raise NotAnswering("The node follows another one by now.")
    with contextlib.suppress(pymysql.Error, OSError), administration(place) as session:
        _open(place, session, waits=bool(part.told))


def _applied_everything(session: Administration) -> bool:
    stream = Stream.of(session)
    if stream is None:
        return True
    session.execute("STOP REPLICA IO_THREAD")
    if stream.failed:  # its position has not counted what it can't apply
        return True
    if not stream.applies:
        session.execute("START REPLICA SQL_THREAD")
    stream = Stream.of(session) or stream
    waited = session.execute(f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{stream.received}', {DRAIN_SECONDS})")
    return waited[0][0] == 0


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


def _is_read_only(session: Administration) -> bool:
    return bool(session.execute("SELECT @@GLOBAL.read_only")[0][0])
