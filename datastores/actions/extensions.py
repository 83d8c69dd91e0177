"""Having the platform create an extension that a tenant's login can't."""

from __future__ import annotations

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.models import DataStore
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of


@transaction.atomic
def create_extension(*, actor: Actor, store: DataStore, database: str, name: str) -> None:
    """Create a reviewed extension in one database of a running store.

    Raises :class:`Refusal` for an extension that nobody reviewed, and where the server can't or does not make it;
    nothing is recorded then.
    """
    engine = ENGINES.get(store.engine)
    if engine is None or name not in engine.extensions_on_request:
        raise Refusal(
            "This extension is not created on request.",
            "Choose one of those that the page offers. Trusted ones are created with SQL, without the platform.",
        )
    if store.state != DataStore.State.RUNNING:
        raise Refusal(f"{name} was not created: {store} is not running.", "Power it on, or wait until it answers.")
    _check_database(store, database, name)
    record(
        "store.extension_created",
        actor=actor,
        organization=store.organization,
        subject=store,
        extension=name,
        database=database,
    )
    try:
        driver_of(store).create_extension(store, database, name)
    except NoAnswer as silence:
        raise Refusal(f"{name} was not created. {silence}", "Try again in a moment. Nothing was changed.") from None


def _check_database(store: DataStore, database: str, name: str) -> None:
    """Refuse a database that the page does not list, such as the platform's own."""
    try:
        names = {found.name for found in driver_of(store).databases(store)}
    except NoAnswer as silence:
        raise Refusal(f"{name} was not created. {silence}", "Try again in a moment. Nothing was changed.") from None
    if database not in names:
        raise Refusal(f"{name} was not created: there is no database “{database}”.", "Choose one of those on the page.")
