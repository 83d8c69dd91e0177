"""What a node says of itself: how far it is, whom it follows, who follows it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pymysql

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.acknowledging import confirming, confirms, strangers, waits
from datastores.sites.local.mysql.events import disabled_events, tell
from datastores.sites.local.mysql.following import Stream, executed, missing
from datastores.sites.local.mysql.gtids import count, plain, without_owners
from datastores.sites.local.mysql.handover import go_on, is_unfinished
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.part import Part, Role, read_part, standbys_of
from datastores.sites.local.replication import NotAnswering, Standing
from datastores.succession import Follower

OWN_SECONDS = 0.8
PROMOTION_SECONDS = 0.3
STANDBY_SECONDS = 0.2


def standing(place: Place) -> Standing:
    """Ask the server, and a primary's standbys for how far they have confirmed; raises NotAnswering.

    A promotion that was begun goes on.
    """
    part = read_part(place)
    try:
        with administration(place, seconds=OWN_SECONDS, patience=OWN_SECONDS) as session:
            if is_unfinished(part):
                go_on(place, session, PROMOTION_SECONDS)
                part = read_part(place)
            own = _own(session, part)
            disabled = disabled_events(session) if part.role == Role.PRIMARY and part.standbys else []
            confirmers = confirming(session) if own.told else 0
    except (pymysql.Error, OSError):
        raise NotAnswering("The server did not answer the platform.") from None
    if part.role != Role.PRIMARY:
        return own
    followers, said = {}, {}
    for standby in standbys_of(place):
        tell(standby, disabled)
        if (follower := _follower(place, standby)) is not None:
            followers[standby.name], said[standby.name] = follower
    known = sum(follower.synchronous for follower in followers.values())
    if len(followers) == len(part.standbys) and confirmers > known:
        _end_strangers(place, known)
    # One that is connected and does not confirm must be told again: then nobody may be left who does.
    idle = {name for name, follower in followers.items() if not follower.synchronous}
    return replace(own, followers=followers, told=own.told - idle, said=said)


def _end_strangers(place: Place, known: int) -> None:
    """Hang up on a tenant's replica that confirms as if it were a standby; his other readers of the log connect again."""
    with suppress(pymysql.Error, OSError), administration(place, seconds=OWN_SECONDS, patience=OWN_SECONDS) as session:
        for number in strangers(session, known):
            session.execute(f"KILL {number}")


def _own(session: Administration, part: Part) -> Standing:
    stream = Stream.of(session) if part.role in {Role.STANDBY, Role.PROMOTING} else None
    if stream is not None:
        return replace(_of_stream(session, stream), source_port=stream.port if part.role == Role.STANDBY else None)
    # In this order: what is about to be committed may be so a moment later, and must not be missed by both.
    owned = plain(str(session.execute("SELECT @@GLOBAL.gtid_owned")[0][0]))
    committed = executed(session)
    under_way = count(missing(session, without_owners(owned), committed)) if owned else 0
    return Standing(
        writable=not session.execute("SELECT @@GLOBAL.read_only")[0][0],
        position=count(committed) + under_way,
        applied=count(committed),
        told=frozenset(part.told) if waits(session) else frozenset(),
    )


def _of_stream(session: Administration, stream: Stream) -> Standing:
    """What a standby says of itself."""
    running = stream.receives and stream.applies
    return Standing(
        writable=False,
        position=stream.position(session),
        applied=count(stream.executed),
        following=running,
        source_port=stream.port,
        lag_seconds=stream.lag_seconds if running else None,
    )


def _follower(place: Place, standby: Place) -> tuple[Follower, Standing] | None:
    """Ask a standby itself; None where it does not answer or is not connected."""
    try:
        with administration(standby, seconds=STANDBY_SECONDS, patience=STANDBY_SECONDS) as session:
            stream = Stream.of(session)
            if stream is None or not stream.receives or not stream.applies or stream.port != place.port:
                return None
            said = _of_stream(session, stream)
            return Follower(said.position, confirms(session)), said
    except (pymysql.Error, OSError):
        return None
