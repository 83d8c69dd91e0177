"""Logical databases and their extensions: who may create which, and in which order a page shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

# Trusted extensions that many applications ask for; the others follow by name.
OFTEN_WANTED: Final = ("pgcrypto", "uuid-ossp", "hstore", "citext", "pg_trgm", "btree_gist", "ltree", "unaccent")


@dataclass(frozen=True)
class LogicalDatabase:
    """A database inside a data store, as its server tells."""

    name: str
    owner: str  # empty where the engine's databases have none
    size_bytes: int
    open: bool  # its owner lets people connect
    holds: str = ""  # what is in it, counted, in words; empty where nobody counts


@dataclass(frozen=True)
class Extension:
    """An extension that the server knows, as one database sees it."""

    name: str
    version: str  # installed, or the one that would be
    comment: str
    installed: bool
    trusted: bool  # whoever may create in the database may create it, no superuser needed
    schema: str = ""  # where it is installed


@dataclass(frozen=True)
class Offer:
    """What can be done with the extensions of one database."""

    installed: list[Extension] = field(default_factory=list)
    on_request: list[Extension] = field(default_factory=list)
    self_service: list[Extension] = field(default_factory=list)


def offer_of(extensions: Iterable[Extension], reviewed: Collection[str]) -> Offer:
    """Sort extensions by who may create them; what is neither reviewed nor trusted is not offered at all."""
    known = sorted(extensions, key=_order)
    missing = [extension for extension in known if not extension.installed]
    return Offer(
        installed=[extension for extension in known if extension.installed],
        on_request=[extension for extension in missing if extension.name in reviewed],
        self_service=[extension for extension in missing if extension.trusted and extension.name not in reviewed],
    )


def create_statement(extension: Extension) -> str:
    """Return the SQL that creates a trusted extension; quoted where its name asks for it."""
    name = extension.name if extension.name.isidentifier() else f'"{extension.name}"'
    return f"CREATE EXTENSION {name};"


def _order(extension: Extension) -> tuple[int, str]:
    wanted = OFTEN_WANTED.index(extension.name) if extension.name in OFTEN_WANTED else len(OFTEN_WANTED)
    return wanted, extension.name
