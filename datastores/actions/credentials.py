"""Importing, making, repairing and deleting credentials."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Environment
from datastores.actions.databases import AGAIN, refuse_unknown_database, refuse_unless_running
from datastores.actions.trying import try_login
from datastores.logins import Rights, login_name
from datastores.models import Credential, DataStore
from datastores.passwords import generate_password
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of
from datastores.sites.tenants import NewLogin
from datastores.uses import Question, uses_of

Kind = Credential.Kind
login_repaired = (
    Signal()
)  # with store, username and facts, inside the transaction: others that keep the login take them


class NameTaken(Refusal):
    """The data store has a credential of that name; forms show it beside the field."""

    def __init__(self) -> None:
        super().__init__("This data store has credentials with this display name already.", "Choose another one.")


def import_created(
    *, actor: Actor, store: DataStore, database: str, name: str, environment: Environment, username: str, password: str
) -> Credential:
    """Keep a login that somebody made in the server, once it was tried in that very database.

    Raises LoginFailure where it does not work, :class:`NameTaken`, and Refusal for an unknown database.
    """
    refuse_unknown_database(store, database)
    try_login(store, database=database, username=username, password=password)
    if username == store.admin_user:
        raise Refusal(
            f"“{username}” is the super admin.",
            "Choose Use Super Admin Credentials: they follow a reset of its password.",
        )
    found = _made_login(store, database, username)
    credential = Credential(
        store=store, database=database, name=name, environment=environment, kind=Kind.CREATED, username=username,
        password=password, rights=found.rights if found else "", key_prefix=found.key_prefix if found else "",
    )  # fmt: skip
    return _save(actor, credential, "credential.imported")


def import_super_admin(
    *, actor: Actor, store: DataStore, database: str, name: str, environment: Environment
) -> Credential:
    """Keep the super admin for one database and environment. Its password stays the data store's."""
    refuse_unknown_database(store, database)
    try_login(store, database=database, username=store.admin_user, password=store.admin_password)
    credential = Credential(
        store=store, database=database, name=name, environment=environment, kind=Kind.SUPER_ADMIN,
        username=store.admin_user,
    )  # fmt: skip
    return _save(actor, credential, "credential.imported")


@transaction.atomic
def create_login(
    *,
    actor: Actor,
    store: DataStore,
    database: str,
    name: str,
    environment: Environment,
    rights: Rights,
    key_prefix: str = "",
) -> Credential:
    """Make a login with least privilege in the server, and keep it. Raises :class:`NameTaken` and Refusal."""
    refuse_unless_running(store, "The login was not made")
    refuse_unknown_database(store, database)
    credential = Credential(
        store=store, database=database, name=name, environment=environment, kind=Kind.MADE, rights=rights.value,
        username=login_name(database if database != "0" else store.name, rights), password=generate_password(),
        key_prefix=key_prefix,
    )  # fmt: skip
    _save(actor, credential, "credential.made")
    _make(credential)
    return credential


@transaction.atomic
def repair_password(*, actor: Actor, credential: Credential, password: str) -> None:
    """Take the login's new password, once it was tried. Raises LoginFailure."""
    try_login(credential.store, database=credential.database, username=credential.username, password=password)
    _repaired(actor, credential, password)


@transaction.atomic
def repair_login(*, actor: Actor, credential: Credential) -> None:
    """Have the server give a login that the platform made its password and rights again, dropped or not."""
    refuse_unless_running(credential.store, "The login was not repaired")
    _repaired(actor, credential, credential.password)
    _make(credential)


@transaction.atomic
def delete_credential(*, actor: Actor, credential: Credential, drop_login: bool) -> None:
    """Forget a credential: nobody can choose it any more, connections that use its login go on.

    With ``drop_login`` a login that the platform made is ended in the server too; refused while connections use it.
    """
    store = credential.store
    record(
        "credential.deleted", actor=actor, organization=store.organization, subject=store,
        credential=credential.name, database=credential.database, login_dropped=drop_login,
    )  # fmt: skip
    credential.delete()
    if not drop_login:
        return
    others = Credential.objects.filter(store=store, username=credential.username).exists()
    if credential.kind != Kind.MADE or others or uses_of(Question(store, username=credential.username)):
        raise Refusal("The login was not dropped: it is used, or it is not one that Headwater made.", "Keep the login.")
    try:
        driver_of(store).retire_login(store, credential.username, credential.base)
    except NoAnswer as silence:
        raise Refusal(f"The credential was not deleted. {silence}", AGAIN) from None


def _made_login(store: DataStore, database: str, username: str) -> Credential | None:
    """Return the credential of a login that the platform made, where somebody imports it once more."""
    return Credential.objects.filter(store=store, database=database, username=username, kind=Kind.MADE).first()


def _make(credential: Credential) -> None:
    login = NewLogin(
        credential.username, credential.password, credential.database, Rights(credential.rights), credential.key_prefix
    )
    try:
        driver_of(credential.store).create_login(credential.store, login)
    except NoAnswer as silence:
        raise Refusal(f"The login was not made. {silence}", AGAIN) from None


def _save(actor: Actor, credential: Credential, action: str) -> Credential:
    store = credential.store
    credential.created_by = actor.person
    credential.checked_at = timezone.now()
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
            record(
                action, actor=actor, organization=store.organization, subject=store, credential=credential.name,
                database=credential.database, environment=credential.environment.name, login=credential.username,
            )  # fmt: skip
    except IntegrityError:
        raise NameTaken from None
    return credential


def _repaired(actor: Actor, credential: Credential, password: str) -> None:
    """Keep the password wherever this login is kept, and say that it works."""
    store = credential.store
    same = Credential.objects.filter(store=store, username=credential.username).exclude(kind=Kind.SUPER_ADMIN)
    facts = {"password": password, "state": Credential.State.WORKS, "state_sentence": "", "checked_at": timezone.now()}
    same.update(**facts)
    for name, value in facts.items():
        setattr(credential, name, value)
    record(
        "credential.repaired", actor=actor, organization=store.organization, subject=store,
        credential=credential.name, database=credential.database,
    )  # fmt: skip
    login_repaired.send(Credential, store=store, username=credential.username, facts=facts)
