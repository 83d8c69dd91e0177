"""Has a running cache follow another node: connect, receive a copy, have the same logins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import redis

from console.errors import Refusal
from datastores.sites.local.cache.choices import read_choices
from datastores.sites.local.cache.login_changes import change_logins, have_logins
from datastores.sites.local.cache.logins import (
    keep_scoped,
    scoped_logins,
    standard_logins,
    tenant_digests,
    write_logins,
)
from datastores.sites.local.cache.part import LOOPBACK, Part, Source, adopt_part, write_part
from datastores.sites.local.cache.sessions import Platform, insistent_session, session
from datastores.sites.local.cache.standing import answered, connected_ports, is_linked, is_primary, replication_facts
from datastores.sites.local.engine import Place
from datastores.sites.local.replication import NotAnswering
from host.waiting import wait_until

CONNECT_SECONDS = 1.2  # a standby that was refused tries again after a second
COPY_SECONDS = 2.0


def write_standby(place: Place, source: Place) -> None:
    """Write for the next start that the node follows ``source`` and has its tenant's logins."""
    write_part(place, Part(Source.at(source)))
    if digests := tenant_digests(source):
        keep_scoped(place, scoped_logins(source))
        write_logins(place, standard_logins(place, digests), read_choices(place))


def follow(place: Place, source: Place) -> None:
    """Follow from now on, and at the next start. What was being written to a primary that stepped down is refused."""
    write_standby(place, source)
    with answered(), _room_at(source) as primary, insistent_session(place) as platform:
        adopt_part(place, platform)
        platform.ask("REPLICAOF", LOOPBACK, source.port)
        platform.ask("CLIENT", "UNPAUSE")
        have_logins(platform, standard_logins(place, tenant_digests(place)), read_choices(place))
        if primary:
            wait_until(lambda: place.port in connected_ports(replication_facts(primary)), CONNECT_SECONDS)


def copy(place: Place, source: Place) -> str | None:
    """Go on with the synchronisation, which the servers do by themselves; None when all of it is on disk."""
    try:
        with answered():
            if not _follows(place, source):
                follow(place, source)
            if not wait_until(lambda: _missing(place) is None, COPY_SECONDS):
                return _missing(place)
            _adopt_logins(place, source)
    except NotAnswering as failure:  # a server that reads what has come, for one
        return str(failure)
    return None


@contextlib.contextmanager
def _room_at(source: Place) -> Iterator[Platform | None]:
    """Hold a session with the source, which leaves places free for the standby meanwhile: tenants may have taken the
    standby's while it was away. None where the source can't be asked."""
    with contextlib.ExitStack() as held:
        platform = None
        with contextlib.suppress(redis.RedisError, FileNotFoundError, Refusal):
            platform = held.enter_context(insistent_session(source))
        yield platform


def _follows(place: Place, source: Place) -> bool:
    with session(place) as platform:
        facts = replication_facts(platform)
    return not is_primary(facts) and int(facts["master_port"]) == source.port


def _missing(place: Place) -> str | None:
    """Say what the copy still lacks: until the append-only file is written anew, a restart would not find it."""
    with session(place) as platform:
        facts, log = replication_facts(platform), platform.ask("INFO", "persistence")
    if not is_linked(facts):
        received = int(facts.get("master_sync_read_bytes", 0))
        return f"Receiving the primary's data: {received / 2**20:,.0f} MiB so far."
    if int(log["aof_rewrite_in_progress"]) or int(log["aof_rewrite_scheduled"]):
        return "Writing the copy to disk."
    return None


def _adopt_logins(place: Place, source: Place) -> None:
    """Give the running standby the logins that the source has now: a password may have changed meanwhile, or be
    changing, on the source first."""
    while (digests := tenant_digests(source)) and not _same_logins(place, source):
        keep_scoped(place, scoped_logins(source))
        change_logins(place, digests, read_choices(place))


def _same_logins(place: Place, source: Place) -> bool:
    return tenant_digests(place) == tenant_digests(source) and scoped_logins(place) == scoped_logins(source)
