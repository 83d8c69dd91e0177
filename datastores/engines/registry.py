"""Every engine, one line each."""

from __future__ import annotations

from datetime import timedelta

from datastores.engines.cache import Cache
from datastores.engines.contract import Engine
from datastores.engines.mysql import MySQL
from datastores.engines.postgresql import PostgreSQL
from datastores.engines.postgresql_vector import PostgreSQLVector
from datastores.limits import backup_history
from datastores.models import DataStore

ENGINES: dict[str, Engine] = {engine.slug: engine for engine in (PostgreSQL(), PostgreSQLVector(), MySQL(), Cache())}


def history_of(store: DataStore) -> timedelta:
    """Return how far back the store's plan lets a person restore; zero keeps one backup for disaster recovery."""
    kind = ENGINES.get(store.engine)
    return backup_history(store.plan.facts(), cache=kind is not None and kind.is_cache)


def engine(slug: str) -> Engine:
    """Return an engine; raises KeyError for one that is not registered."""
    return ENGINES[slug]
