"""Looks at a cache as at one database: how many keys it holds, and what these take of its memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis

from datastores.engines.cache import Cache
from datastores.extensions import LogicalDatabase
from datastores.sites.contract import NoAnswer
from datastores.sites.local.cache.sessions import FullError, session
from datastores.sites.local.engine import Place


def databases(place: Place) -> list[LogicalDatabase]:
    """Return the cache's one database, all that SELECT chooses among in it; raises NoAnswer."""
    try:
        with session(place) as platform:
            keys, memory = platform.ask("INFO", "keyspace"), platform.ask("INFO", "memory")
    except FullError:
        raise NoAnswer("Every connection of the cache is in use, so the platform did not log in.") from None
    except (redis.RedisError, FileNotFoundError):
        raise NoAnswer("The server did not answer.") from None
    size = int(memory["used_memory_dataset"])
    return [LogicalDatabase(Cache.default_database, "", size, open=True, holds=counted(keys))]


def counted(keyspace: Mapping[str, Mapping[str, Any]]) -> str:
    """Say how many keys there are, and in which of the numbered databases where that is not the first one alone."""
    keys = {name.removeprefix("db"): int(figures["keys"]) for name, figures in keyspace.items()}
    total = sum(keys.values())
    said = f"{total:,} key{'' if total == 1 else 's'}"
    if set(keys) <= {Cache.default_database}:
        return said
    parts = ", ".join(f"{figure:,} in {number}" for number, figure in keys.items())
    return f"{said} ({parts})"
