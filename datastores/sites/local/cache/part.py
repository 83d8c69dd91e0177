"""Writes what part a cache node has at its next start: the primary, or a standby of another node."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import redis

from datastores.engines.cache.settings import Setting
from datastores.sites.local.cache.configuration import NOTE, PART_FILE, plan_limit, render
from datastores.sites.local.cache.names import STANDBY, standby_password
from datastores.sites.local.cache.sessions import Platform
from datastores.sites.local.engine import Place
from host.files import sync, write_private

NOTES_FILE = "replication.json"
LOOPBACK = "127.0.0.1"
TOO_FEW_FILES: Final = "not able to handle"


@dataclass(frozen=True)
class Source:
    """The node that a standby follows."""

    name: str
    port: int

    @classmethod
    def at(cls, place: Place) -> Source:
        """Return a place as what its standbys need of it."""
        return cls(place.name, place.port)


@dataclass(frozen=True)
class Part:
    """``source``: who is followed; None: nobody, it is a primary, that so many ``standbys`` follow."""

    source: Source | None = None
    standbys: int = 0

    @property
    def links(self) -> int:
        """Connections of the replication. The server counts them as clients, so its limit is raised by them."""
        return 1 if self.source else self.standbys

    def settings(self, limit: int | None) -> dict[str, Setting]:
        """Return the settings that go with the part, beside ``limit``, the plan's clients.

        A standby ends when it is asked to also while it writes its copy to disk: it gets another one. A primary would
        lose data by that, and refuses.
        """
        raised: dict[str, Setting] = {"maxclients": limit + self.links} if limit else {}
        if self.source is None:
            return {"shutdown-on-sigterm": "default", **raised}
        login: dict[str, Setting] = {"masteruser": STANDBY, "masterauth": standby_password(self.source.name)}
        return {"shutdown-on-sigterm": "force", **login, **raised}


def write_part(place: Place, part: Part) -> None:
    """Write it. On disk when it returns: after a power cut a former primary must not take itself for one."""
    place.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = [part.source.name, part.source.port] if part.source else None
    write_private(place.configuration / NOTES_FILE, json.dumps({"source": source, "standbys": part.standbys}) + "\n")
    write_private(place.configuration / PART_FILE, _text(place, part))
    for path in (place.configuration / NOTES_FILE, place.configuration / PART_FILE, place.configuration):
        sync(path)


def read_part(place: Place) -> Part:
    """Return what was written; a primary without standbys before anything was."""
    path = place.configuration / NOTES_FILE
    if not path.exists():
        return Part()
    found = json.loads(path.read_text())
    return Part(Source(*found["source"]) if found["source"] else None, found["standbys"])


def _text(place: Place, part: Part) -> str:
    followed = f"replicaof {LOOPBACK} {part.source.port}\n" if part.source else ""
    return NOTE + followed + render(part.settings(plan_limit(place)))


def adopt_part(place: Place, platform: Platform) -> None:
    """Let the running server have the settings of its part.

    Where the machine lets it open too few files for its clients, it keeps the limit that it has chosen at its start.
    """
    wanted = dict(read_part(place).settings(plan_limit(place)))
    clients = wanted.pop("maxclients", None)
    platform.ask("CONFIG", "SET", *(word for pair in wanted.items() for word in pair))
    if clients is not None:
        try:
            platform.ask("CONFIG", "SET", "maxclients", clients)
        except redis.ResponseError as error:
            if TOO_FEW_FILES not in str(error):
                raise
