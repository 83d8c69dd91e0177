"""Databases and logins of the data stores on this machine: finds the node and asks its engine."""

from __future__ import annotations

import contextlib

from datastores.models import DataStore, EdgeSlot, Node
from datastores.sites.contract import NoAnswer
from datastores.sites.local import access
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import local_engine, replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of
from datastores.sites.local.tenancy import LocalTenancy
from datastores.sites.tenants import Endpoint, NewLogin, Successor, TenantKeeper


class LocalTenants(TenantKeeper):
    """The local site's side of :class:`TenantKeeper`."""

    def way_in(self, store: DataStore) -> Endpoint | None:
        """Return the edge's address, or the node's own where the allow list leaves this machine out."""
        slot = EdgeSlot.objects.select_related("store").filter(store=store).first()
        return access.way_in(slot) if slot else None

    def create_database(self, store: DataStore, name: str) -> None:
        """Ask the primary."""
        engine, place = _tenancy_of(store)
        engine.create_database(place, name)

    def drop_database(self, store: DataStore, name: str) -> None:
        """Ask the primary."""
        engine, place = _tenancy_of(store)
        engine.drop_database(place, name)

    def create_login(self, store: DataStore, login: NewLogin) -> None:
        """Ask the primary, and each standby that keeps logins of its own."""
        engine, place = _tenancy_of(store)
        engine.create_login(place, login)
        for standby in _with_own_logins(store):
            with contextlib.suppress(NoAnswer):  # one that is away gets them when it follows again
                engine.create_login(standby, login)

    def succeed_login(self, store: DataStore, login: Successor) -> None:
        """Ask the primary, and each standby that keeps logins of its own."""
        engine, place = _tenancy_of(store)
        engine.succeed_login(place, login)
        for standby in _with_own_logins(store):
            with contextlib.suppress(NoAnswer):  # one that is away gets them when it follows again
                engine.succeed_login(standby, login)

    def retire_login(self, store: DataStore, name: str, base: str) -> None:
        """Ask the primary, and each standby that keeps logins of its own."""
        engine, place = _tenancy_of(store)
        engine.retire_login(place, name, base)
        for standby in _with_own_logins(store):
            with contextlib.suppress(NoAnswer):  # one that is away gets them when it follows again
                engine.retire_login(standby, name, base)

    def login_sessions(self, store: DataStore, name: str) -> int:
        """Count them on the primary, and on each standby that keeps logins of its own."""
        engine, place = _tenancy_of(store)
        sessions = engine.login_sessions(place, name)
        for standby in _with_own_logins(store):
            with contextlib.suppress(NoAnswer):
                sessions += engine.login_sessions(standby, name)
        return sessions


def _tenancy_of(store: DataStore) -> tuple[LocalTenancy, Place]:
    engine = local_engine(store)
    if not isinstance(engine, LocalTenancy):
        raise NoAnswer("The platform can't work inside this kind of server.")
    node = store.nodes.filter(role=Node.Role.PRIMARY).exclude(port=None).first()
    if node is None:
        raise NoAnswer("The server has not been made yet.")
    return engine, place_of(node, machine().home)


def _with_own_logins(store: DataStore) -> list[Place]:
    """Return the standbys on which a change of logins must be made as well: they don't follow the primary in that."""
    if not replicating_engine(store).keeps_logins_per_node:
        return []
    standbys = store.nodes.filter(role=Node.Role.STANDBY, state=Node.State.UP).exclude(port=None)
    return [place_of(node, machine().home) for node in standbys]
