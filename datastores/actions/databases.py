"""Creating and deleting logical databases."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

from console.audit import Actor, record
from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.models import Credential, DataStore
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of

database_deleted = Signal()  # with store and database, inside the transaction
AGAIN = "Try again in a moment."


@transaction.atomic
def create_database(*, actor: Actor, store: DataStore, name: str) -> None:
    """Create an empty database. Raises :class:`Refusal` for a name against the engine's rules or one that is taken."""
    engine = ENGINES.get(store.engine)
    if problem := engine.database_name_problem(name) if engine else "This type of data store is not offered any more.":
        raise Refusal(problem)
    refuse_unless_running(store, "The database was not created")
    record("store.database_created", actor=actor, organization=store.organization, subject=store, database=name)
    try:
        driver_of(store).create_database(store, name)
    except NoAnswer as silence:
        raise Refusal(f"The database was not created. {silence}", AGAIN) from None


@transaction.atomic
def delete_database(*, actor: Actor, store: DataStore, name: str, typed_name: str) -> None:
    """Drop a database with everything in it, the credentials for it, and the logins that the platform made for it.

    Raises :class:`Refusal` for the default database, another typed name, or a server that does not do it.
    """
    _refuse_deletion(store, name, typed_name)
    driver = driver_of(store)
    record("store.database_deleted", actor=actor, organization=store.organization, subject=store, database=name)
    credentials = Credential.objects.filter(store=store, database=name)
    made = list(credentials.filter(kind=Credential.Kind.MADE).values_list("username", flat=True))
    credentials.delete()
    database_deleted.send(DataStore, store=store, database=name)
    try:
        driver.drop_database(store, name)
        for username in made:
            driver.retire_login(store, username, "")
    except NoAnswer as silence:
        raise Refusal(f"The database was not deleted. {silence}", AGAIN) from None


def _refuse_deletion(store: DataStore, name: str, typed_name: str) -> None:
    engine = ENGINES.get(store.engine)
    if engine is None or not engine.creates_databases:
        raise Refusal("This data store is one database. Delete the data store instead.")
    if name == store.default_database:
        raise Refusal(
            "The default database can't be deleted: the service URI names it.", "Delete what is in it instead."
        )
    if typed_name != name:
        raise Refusal("The name you typed is not the database's name, so nothing was deleted.", f"Type “{name}”.")
    if store.deletion_protection:
        raise Refusal(
            f"{store} is protected against deletion, and so are its databases.", "An Admin can switch that off."
        )
    refuse_unless_running(store, "The database was not deleted")
    refuse_unknown_database(store, name)


def refuse_unless_running(store: DataStore, what: str) -> None:
    """Refuse work inside a server that does not run."""
    if store.state != DataStore.State.RUNNING:
        raise Refusal(f"{what}: {store} is not running.", "Power it on, or wait until it answers.")


def refuse_unknown_database(store: DataStore, name: str) -> None:
    """Refuse a database that the page does not list, such as the platform's own."""
    try:
        names = {found.name for found in driver_of(store).databases(store)}
    except NoAnswer as silence:
        raise Refusal(str(silence), AGAIN) from None
    except LookupError:
        names = {store.default_database}
    if name not in names:
        raise Refusal(f"There is no database “{name}” in {store}.", "Choose one of those on the page.")
