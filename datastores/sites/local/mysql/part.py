"""What part a MySQL node has in its store, in the file that its option file includes: it counts at every start."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from datastores.engines.mysql.settings import Setting
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.option_file import render
from datastores.sites.local.mysql.statements import at_start
from host.files import sync, write_private

PART_FILE: Final = "part.cnf"
LOCK_FILE: Final = ".part.lock"
START_FILE: Final = "start.sql"
MARK: Final = "# "
# 49 days, the most: a primary that may not wait any longer is told so, it never decides that by itself.
LONGEST_WAIT_MILLISECONDS: Final = 4_294_967_295


class Role(StrEnum):
    """PROMOTING: a standby that still applies what it has received. STEPPED_DOWN: a primary that takes no writes."""

    PRIMARY = "primary"
    STANDBY = "standby"
    PROMOTING = "promoting"
    STEPPED_DOWN = "stepped down"


@dataclass(frozen=True)
class Part:
    """source, source_port  whom a standby follows
    acknowledges  a standby: it confirms what it has received before the primary's client is told
    told          a primary: the standbys that it was told to wait for
    acknowledging  a primary: those that may confirm; always at least the ones that really do
    standbys      a primary: its standbys, by name, each with its port
    unsettled     a primary of late: its old source is to be forgotten, and the tenant's events are to be switched on
    """

    role: Role = Role.PRIMARY
    source: str = ""
    source_port: int = 0
    acknowledges: bool = False
    told: tuple[str, ...] = ()
    acknowledging: tuple[str, ...] = ()
    standbys: tuple[tuple[str, int], ...] = ()
    unsettled: bool = False

    @property
    def is_read_only(self) -> bool:
        """Whether nobody but the stream from another node changes its data."""
        return self.role != Role.PRIMARY


def read_part(place: Place) -> Part:
    """Return a node's part; a node of before there were parts is a primary."""
    try:
        first, _, _ = (place.configuration / PART_FILE).read_text().partition("\n")
    except FileNotFoundError:
        return Part()
    noted = json.loads(first.removeprefix(MARK))
    noted["standbys"] = tuple((str(name), int(port)) for name, port in noted["standbys"])
    return Part(
        **noted | {name: tuple(noted[name]) for name in ("told", "acknowledging")} | {"role": Role(noted["role"])}
    )


def update_part(place: Place, change: Callable[[Part], Part], *, durable: bool = True) -> Part:
    """Change it, one process at a time, and return what it is now.

    On disk when this returns: a node that forgot it in a power cut might acknowledge what nobody else has. Without
    ``durable`` it outlives the server's end only; the rows say it again after a power cut.
    """
    place.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place.configuration / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        part = change(read_part(place))
        _save(place, part, durable=durable)
    finally:
        os.close(descriptor)
    return part


def _save(place: Place, part: Part, *, durable: bool) -> None:
    script = at_start(place, part.source_port) if part.role == Role.STANDBY else ""
    changed = write_private(place.configuration / START_FILE, script)
    text = f"{MARK}{json.dumps(asdict(part))}\n{render(_settings(place, part))}"
    changed |= write_private(place.configuration / PART_FILE, text)
    if changed and durable:
        for path in (place.configuration / START_FILE, place.configuration / PART_FILE, place.configuration):
            sync(path)


def ensure_part(place: Place) -> Path:
    """Have the file, and return it."""
    update_part(place, lambda part: part)
    return place.configuration / PART_FILE


def as_standby(before: Part, source: Place) -> Part:
    """Return the part of a standby of ``source``. Whether it confirms writes stays as it is while it follows the same."""
    same = before.role == Role.STANDBY and (before.source, before.source_port) == (source.name, source.port)
    return Part(Role.STANDBY, source=source.name, source_port=source.port, acknowledges=same and before.acknowledges)


def as_primary(before: Part, told: Iterable[str]) -> Part:
    """Return the part of a primary that waits for these. One that was none takes writes only when it has been asked for
    its standing: a standby first applies what it has received."""
    unfinished = before.role != Role.PRIMARY
    return replace(
        before,
        role=Role.PROMOTING if unfinished else Role.PRIMARY,
        source="",
        source_port=0,
        acknowledges=False,
        told=tuple(sorted(told)),
        unsettled=before.unsettled or unfinished,
    )


def beside(place: Place, name: str, port: int = 0) -> Place:
    """Return the place of another node of the same store."""
    return Place(name, place.directory.with_name(name), place.sockets.with_name(name), port)


def standbys_of(place: Place) -> list[Place]:
    """Return the places of a primary's standbys."""
    return [beside(place, name, port) for name, port in read_part(place).standbys]


def _settings(place: Place, part: Part) -> dict[str, Setting]:
    values: dict[str, Setting] = {
        "skip_replica_start": True,
        "relay_log": "relay",
        # What was received and confirmed must not be thrown away at a restart: the source that has it may be gone.
        "relay_log_recovery": False,
        "replica_net_timeout": 10,
        "loose_rpl_semi_sync_source_enabled": part.role == Role.PRIMARY and bool(part.told),
        "loose_rpl_semi_sync_source_wait_point": "AFTER_SYNC",
        "loose_rpl_semi_sync_source_wait_for_replica_count": 1,
        "loose_rpl_semi_sync_source_wait_no_replica": True,
        "loose_rpl_semi_sync_source_timeout": LONGEST_WAIT_MILLISECONDS,
        "loose_rpl_semi_sync_replica_enabled": part.acknowledges,
    }
    if part.is_read_only:
        values |= {"read_only": True, "super_read_only": True, "event_scheduler": "OFF", "transaction_read_only": False}
    if part.role == Role.STANDBY:
        values["init_file"] = str(place.configuration / START_FILE)
    return values
