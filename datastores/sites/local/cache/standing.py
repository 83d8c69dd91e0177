"""Reads from a running cache whom it follows, who follows it, and how far they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import redis

from console.errors import Refusal
from datastores.sites.local.cache.part import LOOPBACK
from datastores.sites.local.cache.sessions import FullError, Platform, session
from datastores.sites.local.engine import Place
from datastores.sites.local.replication import NotAnswering, Standing
from datastores.succession import Follower

STANDING_SECONDS = 0.8
HEARD_EVERY = 1  # seconds; see ``repl-ping-replica-period``: a standby that heard this long ago is not behind
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (redis.BusyLoadingError, "The cache is reading its data."),
    (FullError, "Every connection of the cache is in use."),
    (redis.TimeoutError, "The cache did not answer the platform in time."),
)

Facts = Mapping[str, Any]


def standing(place: Place) -> Standing:
    """Ask the running node; raises NotAnswering."""
    with answered(), session(place, STANDING_SECONDS) as platform:
        return of_facts(replication_facts(platform))


def replication_facts(platform: Platform) -> Facts:
    """Return what the server says of its replication."""
    facts: Facts = platform.ask("INFO", "replication")
    return facts


def of_facts(facts: Facts) -> Standing:
    """Translate what a server says of its replication.

    A standby's position is what it has applied: what it has received beyond that, a promotion throws away. Without a
    complete copy it is 0 or 1.
    """
    if is_primary(facts):
        offset = int(facts["master_repl_offset"])
        return Standing(writable=True, position=offset, applied=offset, followers=_followers(facts))
    offset = int(facts["slave_repl_offset"])
    return Standing(
        writable=False,
        position=offset,
        applied=offset,
        following=is_linked(facts),
        source_port=int(facts["master_port"]) if facts["master_host"] == LOOPBACK else None,
        lag_seconds=_lag(facts),
    )


def is_primary(facts: Facts) -> bool:
    """Whether the server takes writes."""
    return bool(facts["role"] == "master")


def is_linked(facts: Facts) -> bool:
    """Whether a standby has a complete copy of its source and receives what is new."""
    return bool(facts.get("master_link_status") == "up")


def connected_ports(facts: Facts) -> set[int]:
    """Return the ports of the nodes that are connected as standbys, also those that are being copied to."""
    return {int(entry["port"]) for entry in _entries(facts)}


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Turn what goes wrong with a session into NotAnswering."""
    try:
        yield
    except Refusal as refusal:
        raise NotAnswering(refusal.sentence) from None
    except (redis.RedisError, FullError, FileNotFoundError) as error:
        reason = next((words for kind, words in REASONS if isinstance(error, kind)), "")
        raise NotAnswering(reason or "The cache did not answer the platform.") from None


def _followers(facts: Facts) -> dict[str, Follower]:
    """Return the standbys that have a complete copy, by the name that they announce as their address."""
    return {
        str(entry["ip"]): Follower(int(entry["offset"]), synchronous=False)
        for entry in _entries(facts)
        if entry["state"] == "online"
    }


def _entries(facts: Facts) -> list[dict[str, Any]]:
    return [facts[f"slave{number}"] for number in range(int(facts["connected_slaves"])) if f"slave{number}" in facts]


def _lag(facts: Facts) -> float | None:
    """Return for how long the standby has heard nothing new. A link that is too slow for what is written is cut by
    the primary, so that it shows here."""
    seconds = int(facts["master_last_io_seconds_ago" if is_linked(facts) else "master_link_down_since_seconds"])
    if seconds < 0:
        return None
    return float(max(0, seconds - HEARD_EVERY)) if is_linked(facts) else float(seconds)
