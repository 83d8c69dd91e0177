"""Every engine, one line each."""

from __future__ import annotations

from datastores.engines.cache import Cache
from datastores.engines.contract import Engine
from datastores.engines.mysql import MySQL
from datastores.engines.postgresql import PostgreSQL
from datastores.engines.postgresql_vector import PostgreSQLVector

ENGINES: dict[str, Engine] = {engine.slug: engine for engine in (PostgreSQL(), PostgreSQLVector(), MySQL(), Cache())}


def engine(slug: str) -> Engine:
    """Return an engine; raises KeyError for one that is not registered."""
    return ENGINES[slug]
