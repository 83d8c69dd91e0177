"""Every engine that the local site can run, one line each."""

from __future__ import annotations

from datastores.models import DataStore
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.engine import LocalEngine
from datastores.sites.local.mysql import LocalMySQL
from datastores.sites.local.postgresql import LocalPostgreSQL
from datastores.sites.local.postgresql_vector import LocalPostgreSQLVector
from datastores.sites.local.replication import Replicating

LOCAL_ENGINES: dict[str, LocalEngine] = {
    local.slug: local for local in (LocalPostgreSQL(), LocalPostgreSQLVector(), LocalMySQL(), LocalCache())
}


def local_engine(store: DataStore) -> LocalEngine:
    """Return how the store's engine lives on this machine."""
    return LOCAL_ENGINES[store.engine]


def replicating_engine(store: DataStore) -> Replicating:
    """Return how nodes of the store's engine follow each other. Raises LookupError where they can't."""
    engine = LOCAL_ENGINES[store.engine]
    if not isinstance(engine, Replicating):
        raise LookupError(f"{store.engine} has no standbys on this site")  # noqa: TRY004 - data
    return engine
