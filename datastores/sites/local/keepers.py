"""Finding the node whose logical databases are those of a data store."""

from __future__ import annotations

from typing import TypeVar

from datastores.models import DataStore, Node
from datastores.sites.contract import NoAnswer
from datastores.sites.local.databases import DatabaseKeeper, ExtensionKeeper
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of

Keeper = TypeVar("Keeper", bound=DatabaseKeeper)


def keeper_of(store: DataStore) -> tuple[DatabaseKeeper, Place]:
    """Return engine and place of the store's primary; raises NoAnswer before it has a place."""
    return _keeper(store, DatabaseKeeper)  # type: ignore[type-abstract]


def extension_keeper_of(store: DataStore) -> tuple[ExtensionKeeper, Place]:
    """Return the same where databases have extensions; raises LookupError where they have none."""
    return _keeper(store, ExtensionKeeper)  # type: ignore[type-abstract]


def _keeper(store: DataStore, kind: type[Keeper]) -> tuple[Keeper, Place]:
    engine = local_engine(store)
    if not isinstance(engine, kind):
        raise LookupError(f"{store.engine} is no {kind.__name__}")  # noqa: TRY004 - data
    node = store.nodes.filter(role=Node.Role.PRIMARY).exclude(port=None).first()
    if node is None:
        raise NoAnswer("The server has not been made yet.")
    return engine, place_of(node, machine().home)
