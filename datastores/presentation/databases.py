"""The Databases tab: what a server tells of its logical databases, and of the extensions of one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.utils.http import urlencode

from datastores.engines.registry import engine
from datastores.extensions import OFTEN_WANTED, Extension, LogicalDatabase, Offer, create_statement, offer_of
from datastores.models import DataStore
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of

NOT_RUNNING: Final = "The databases are read from the running server, and this one does not run."
READABLE: Final = (DataStore.State.RUNNING, DataStore.State.UNREACHABLE)


@dataclass(frozen=True)
class OwnExtension:
    """An extension that the database's owner creates with SQL."""

    extension: Extension
    statement: str


@dataclass(frozen=True)
class Extensions:
    """The extensions of one database; ``silence`` says why they can't be shown."""

    offer: Offer = field(default_factory=Offer)
    often_wanted: list[OwnExtension] = field(default_factory=list)
    others: list[OwnExtension] = field(default_factory=list)
    silence: str = ""


@dataclass(frozen=True)
class Inside:
    """One database that was opened. ``extensions`` is None where the engine has none."""

    name: str
    extensions: Extensions | None = None

    @property
    def query(self) -> str:
        """The database as a query string, whatever characters its name has."""
        return urlencode({"database": self.name})


@dataclass(frozen=True)
class DatabasesPage:
    """All databases, and one of them opened; ``silence`` says why there are none to show, ``about`` what figures mean."""

    databases: list[LogicalDatabase] = field(default_factory=list)
    inside: Inside | None = None
    silence: str = ""
    about: str = ""

    @property
    def have_owners(self) -> bool:
        """Whether the engine knows whose a database is."""
        return any(database.owner for database in self.databases)

    @property
    def are_counted(self) -> bool:
        """Whether the server says what is in them."""
        return any(database.holds for database in self.databases)


def databases_page(store: DataStore, wanted: str) -> DatabasesPage:
    """Ask the server, within seconds. ``wanted`` is opened where it exists, else the default database."""
    if store.state not in READABLE:
        return DatabasesPage(silence=NOT_RUNNING)
    try:
        found = driver_of(store).databases(store)
    except NoAnswer as silence:
        return DatabasesPage(silence=str(silence))
    name = _chosen(store, found, wanted)
    inside = Inside(name, _extensions(store, name)) if name else None
    return DatabasesPage(databases=found, inside=inside, about=engine(store.engine).about_databases)


def _chosen(store: DataStore, found: list[LogicalDatabase], wanted: str) -> str:
    """Return the database to open; an empty text where the server has none."""
    names = [database.name for database in found]
    return next((name for name in (wanted, store.default_database, *names) if name in names), "")


def _extensions(store: DataStore, name: str) -> Extensions | None:
    if not engine(store.engine).has_extensions:
        return None
    try:
        known = driver_of(store).extensions(store, name)
    except NoAnswer as silence:
        return Extensions(silence=str(silence))
    offer = offer_of(known, engine(store.engine).extensions_on_request)
    own = [OwnExtension(extension, create_statement(extension)) for extension in offer.self_service]
    return Extensions(
        offer=offer,
        often_wanted=[each for each in own if each.extension.name in OFTEN_WANTED],
        others=[each for each in own if each.extension.name not in OFTEN_WANTED],
    )
