"""Creating connections, choosing their credentials, and deleting them."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Environment, Member
from console.permissions import NotAllowed
from datastores.models import Credential
from datastores.models.credential import SEE_CRITICAL
from marketplace.models import Binding, Component, Connection, Listing, Project, Rotation
from marketplace.names import stem

Choices = Mapping[Environment, Credential]


class NameTaken(Refusal):
    """The project has a connection whose variables would have the same names."""

    def __init__(self, other: str) -> None:
        super().__init__(
            f"The connection “{other}” of this project has the variables {settings.VARIABLE_PREFIX}_{stem(other)}_… already.",
            "Choose another name.",
        )


@transaction.atomic
def create_connection(
    *,
    actor: Actor,
    member: Member,
    listing: Listing,
    project: Project,
    component: Component | None,
    name: str,
    description: str,
    choices: Choices,
) -> Connection:
    """Make a connection with a login per environment. Raises :class:`NameTaken`, and Refusal for a listing that is gone.

    The project's row is held, so that of two connections with the same variables one waits and is refused.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    _refuse_same_variables(project, name)
    if not Listing.objects.select_related("store").get(pk=listing.pk).is_offered:
        raise Refusal(f"“{listing}” is not in the Marketplace any more, so it can't be chosen.", "Choose another one.")
    if not choices:
        raise Refusal("The connection was not made: no environment has credentials.", "Choose some for at least one.")
    connection = Connection.objects.create(
        organization=project.organization, project=project, component=component, listing=listing, name=name,
        description=description, created_by=actor.person,
    )  # fmt: skip
    for environment, credential in choices.items():
        _bind(member, connection, environment, credential)
    record(
        "connection.created", actor=actor, organization=project.organization, subject=connection,
        database=str(listing), place=connection.place, environments=", ".join(map(str, choices)),
    )  # fmt: skip
    return connection


@transaction.atomic
def choose_credential(
    *, actor: Actor, member: Member, connection: Connection, environment: Environment, credential: Credential
) -> Binding:
    """Give a connection another login in one environment. Whoever fetches its values next gets them."""
    binding = _bind(member, connection, environment, credential)
    record(
        "connection.credential_chosen", actor=actor, organization=connection.organization, subject=connection,
        environment=environment.name, credential=credential.name,
    )  # fmt: skip
    return binding


@transaction.atomic
def delete_connection(*, actor: Actor, connection: Connection, typed_name: str) -> None:
    """Delete a connection with its tokens. Its logins stay in their servers, and so do applications' sessions."""
    if typed_name.strip() != connection.name:
        raise Refusal(
            "The name you typed is not the connection's name, so nothing was deleted.", f"Type “{connection.name}”."
        )
    record(
        "connection.deleted", actor=actor, organization=connection.organization, subject=connection,
        place=connection.place,
    )  # fmt: skip
    connection.delete()


def refuse_critical(member: Member, environment: Environment) -> None:
    """Raise NotAllowed where the member's role may not use a critical environment."""
    if environment.critical and not member.can(SEE_CRITICAL):
        raise NotAllowed(SEE_CRITICAL)


def _bind(member: Member, connection: Connection, environment: Environment, credential: Credential) -> Binding:
    """Copy a credential's login, so that the connection keeps it whatever becomes of the credential."""
    refuse_critical(member, environment)
    # Held until the end: a rotation that runs now gives its new login to the copy as well.
    credential = Credential.objects.select_for_update(of=("self",)).select_related("store").get(pk=credential.pk)
    if credential.environment_id != environment.pk or credential.store.organization_id != connection.organization_id:
        raise Refusal(f"“{credential}” is not for {environment}.", "Choose one of the list.")
    Credential.objects.filter(pk=credential.pk).update(last_used_at=timezone.now())
    facts = credential.copied_login() | {
        "credential": credential,
        "credential_name": credential.name,
        "changed_at": timezone.now(),
    }
    binding, _new = Binding.objects.update_or_create(connection=connection, environment=environment, defaults=facts)
    return binding


def _refuse_same_variables(project: Project, name: str) -> None:
    for other in project.connections.values_list("name", flat=True):
        if stem(other) == stem(name):
            raise NameTaken(other)


def rotation_of(binding: Binding) -> Rotation | None:
    """Return the rotation in which the binding's login took over and the old one still works."""
    watching = Rotation.objects.filter(state=Rotation.State.WATCHING)
    return watching.filter(store_id=binding.store_id, new_username=binding.username).first()
