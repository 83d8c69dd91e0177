"""Finding the node whose logical databases are those of a data store."""

from __future__ import annotations

from datastores.models import DataStore, Node
from datastores.sites.contract import NoAnswer
from datastores.sites.local.databases import DatabaseKeeper
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of


def keeper_of(store: DataStore) -> tuple[DatabaseKeeper, Place]:
    """Return engine and place of the store's primary. Raises NoAnswer before it has a place, LookupError where the
    engine has no logical databases."""
    engine = local_engine(store)
    if not isinstance(engine, DatabaseKeeper):
        raise LookupError(f"{store.engine} has no logical databases that can be listed")  # noqa: TRY004 - data
    node = store.nodes.filter(role=Node.Role.PRIMARY).exclude(port=None).first()
    if node is None:
        raise NoAnswer("The server has not been made yet.")
    return engine, place_of(node, machine().home)
