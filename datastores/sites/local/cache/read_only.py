"""Stops a cache's writes while its disk is nearly full: what grows is refused, what deletes works.

The memory limit goes down to one byte, without eviction: Valkey then refuses every command that may take memory
("OOM command not allowed …") and still runs DEL, UNLINK, FLUSHDB, FLUSHALL and all that reads. Limit and eviction
policy are only ever set together: that limit with any other policy would empty the cache.
"""

from __future__ import annotations

import re

import redis

from datastores.engines.cache.settings import CLIENTS_SHARE
from datastores.sites.local.cache.choices import read_choices
from datastores.sites.local.cache.configuration import NOTE, SETTINGS_FILE, WRITES_FILE
from datastores.sites.local.cache.sessions import FullError, Platform, session
from datastores.sites.local.engine import Place
from host.files import write_private

MEMORY = re.compile(r'^maxmemory "(\d+)mb"$', re.MULTILINE)
ALLOWED, ALLOWING = NOTE, f"{NOTE}# Writes are being allowed again.\n"


def set_read_only(place: Place, *, read_only: bool) -> bool:
    """Have what grows refused, or not; True when the server does so now.

    May be stopped and run again at any instant: the file of the next start is written first, and says that
    nothing is left to do only after the server followed.
    """
    file = place.configuration / WRITES_FILE
    if not read_only and (not file.exists() or file.read_text() == ALLOWED):
        return True
    try:
        write_private(file, _stopped_text(place) if read_only else ALLOWING)
        with session(place) as platform:
            _follow(place, platform)
            if read_only:
                _shrink_log(platform)
    except (redis.RedisError, FullError, FileNotFoundError):  # down, without a place, or being deleted
        return False
    if not read_only:
        write_private(file, ALLOWED)
    return True


def follow_choices(place: Place, platform: Platform) -> None:
    """Let a running server follow the person's eviction policy, unless writes are stopped: then it waits."""
    _follow(place, platform)


def _follow(place: Place, platform: Platform) -> None:
    stopped = "maxmemory" in _written(place)
    wanted = _stopped(place) if stopped else _allowed(place)
    platform.ask("CONFIG", "SET", *[word for pair in wanted.items() for word in pair])  # all at once, or none


def _written(place: Place) -> str:
    file = place.configuration / WRITES_FILE
    return file.read_text() if file.exists() else ""


def _stopped_text(place: Place) -> str:
    return NOTE + "".join(f"{name} {value}\n" for name, value in _stopped(place).items())


def _stopped(place: Place) -> dict[str, str]:
    """Return the settings while writes are stopped. The clients' share is of the memory limit, so it is spelled out."""
    clients = _memory_mib(place) * int(CLIENTS_SHARE.removesuffix("%")) // 100
    return {"maxmemory-policy": "noeviction", "maxmemory": "1", "maxmemory-clients": f"{clients}mb"}


def _allowed(place: Place) -> dict[str, str]:
    return {
        "maxmemory": f"{_memory_mib(place)}mb",
        "maxmemory-policy": read_choices(place).eviction.value,
        "maxmemory-clients": CLIENTS_SHARE,
    }


def _memory_mib(place: Place) -> int:
    """Return the plan's memory for data as the node's settings say it."""
    found = MEMORY.search((place.configuration / SETTINGS_FILE).read_text())
    if found is None:
        raise ValueError(f"{SETTINGS_FILE} of {place.name} names no maxmemory")
    return int(found.group(1))


def _shrink_log(platform: Platform) -> None:
    """Have the append-only file written anew where something was added to it: deleted keys leave the disk only so."""
    log = platform.ask("INFO", "persistence")
    if not int(log["aof_rewrite_in_progress"]) and int(log["aof_current_size"]) > int(log["aof_base_size"]):
        platform.ask("BGREWRITEAOF")
