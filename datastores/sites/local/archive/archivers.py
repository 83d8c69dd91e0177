"""Every engine that this machine backs up, one line each."""

from __future__ import annotations

from datastores.models import DataStore
from datastores.sites.local.archive.contract import Archiver
from datastores.sites.local.cache.archive.archiver import CacheArchiver
from datastores.sites.local.mysql.archive.archiver import MySQLArchiver
from datastores.sites.local.postgresql.archive.archiver import PostgreSQLArchiver

_postgresql = PostgreSQLArchiver()
ARCHIVERS: dict[str, Archiver] = {
    "postgresql": _postgresql,
    "postgresql-vector": _postgresql,
    "mysql": MySQLArchiver(),
    "cache": CacheArchiver(),
}


def archiver_of(store: DataStore) -> Archiver | None:
    """Return how the store is archived; None where its engine is not, or the archiver's program is not installed."""
    archiver = ARCHIVERS.get(store.engine)
    return archiver if archiver and archiver.installed() else None
