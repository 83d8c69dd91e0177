"""Spares the primary: has a backup copy a standby's files, where one has everything that the primary has answered so far.

The log is always the primary's (see ``units.Reach.source``).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import redis

from datastores.sites.local.archive import standbys
from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.cache.archive import shipping
from datastores.sites.local.cache.archive.generations import COPIED, WORK, hold_for_backup
from datastores.sites.local.cache.archive.shipping import TRIES, Mark, is_last, server_time
from datastores.sites.local.cache.sessions import FullError, Platform, session
from datastores.sites.local.cache.standing import is_linked, is_primary, replication_facts
from datastores.sites.local.engine import Place
from host.waiting import wait_until

STANDBYS_FILE: Final = "standbys.json"  # below the primary's own directory for archiving
REACH_SECONDS: Final = 2.0  # a standby that is further behind, or is writing its files anew, is not copied
BEHIND: Final = "The standby has not got everything."

log = logging.getLogger(__name__)


def keep_standbys(place: Place, found: Sequence[Place]) -> None:
    """Write down which nodes the next backup may copy."""
    standbys.offer(_file(place), found)


def kept_standbys(place: Place) -> list[Place]:
    """Return what was written down."""
    return standbys.offered(_file(place))


def forget_copies(place: Place) -> None:
    """Let go of what a backup that was killed has left: at this node, and at those that were the primary before.

    A store has one backup at a time, so that nothing is copying these files when one begins.
    """
    for node in (place, *kept_standbys(place)):
        shutil.rmtree(copies(node), ignore_errors=True)


def copies(place: Place) -> Path:
    """Return where a backup's links to the files that it copies are, until it ends."""
    return place.directory / WORK / COPIED


def mark_standby(place: Place, platform: Platform) -> Mark | None:
    """Hold the files of the first standby that has everything, and measure how far they reach; None where none has."""
    for standby in kept_standbys(place):
        try:
            with session(standby, REACH_SECONDS) as its:
                return _mark(place, platform, standby, its)
        except (ArchiverError, FullError, redis.RedisError, OSError) as error:
            log.info("%s is not backed up from %s: %s", place.name, standby.name, error)
            shutil.rmtree(copies(place), ignore_errors=True)
    return None


def mark_primary(place: Place, platform: Platform) -> Mark:
    """Do so with the primary's own files. Raises ArchiverError."""
    return shipping.mark(place, platform, lambda node: hold_for_backup(node, place))


def _mark(place: Place, platform: Platform, standby: Place, its: Platform) -> Mark:
    """Everything that the primary answered before it told the time is in its stream, up to where that is asked for next."""
    for _ in range(TRIES):
        _wait_for(platform, its)  # nothing is held of files that a new copy of the primary's data is about to replace
        held = hold_for_backup(standby, place)
        moment = server_time(platform)
        _wait_for(platform, its)
        at = held.size
        if is_last(standby, held):
            return Mark(held, moment, at, standby.name)
    raise ArchiverError("The append-only files change too fast to be copied.")


def _wait_for(platform: Platform, its: Platform) -> None:
    facts = replication_facts(platform)
    stream, offset = facts["master_replid"], int(facts["master_repl_offset"])
    if not is_primary(facts) or not wait_until(lambda: _has(its, stream, offset), REACH_SECONDS):
        raise ArchiverError(BEHIND)


def _has(its: Platform, stream: str, offset: int) -> bool:
    """Whether everything of the primary's stream up to there is in the files that the standby's manifest names.

    A standby that has just received a complete copy writes into a file of which the manifest does not know until the
    snapshot before it is written.
    """
    facts = replication_facts(its)
    if is_primary(facts) or not is_linked(facts) or facts["master_replid"] != stream:
        return False
    if int(facts["slave_repl_offset"]) < offset:
        return False
    files = its.ask("INFO", "persistence")
    busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "aof_buffer_length")
    return bool(int(files["aof_enabled"])) and not any(int(files[name]) for name in busy)


def _file(place: Place) -> Path:
    return place.directory / WORK / STANDBYS_FILE
