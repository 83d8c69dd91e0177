"""Creating, changing and deleting an organization."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from console import audit, obstacles
from console.audit import Actor
from console.errors import Refusal
from console.models import Environment, Member, Organization, Person
from console.models.organization import DEFAULT_ENVIRONMENTS
from console.permissions import Role

HANDLE_LENGTH = 40
ONLY_ONE = "You have already created an organization; a person creates at most one."
SWITCH_INSTEAD = "Switch to it in the header, or ask its Admins to rename it."


class HandleTaken(Refusal):
    """Another organization has the handle; forms show it beside the field."""

    def __init__(self) -> None:
        super().__init__("This handle is taken by another organization.", "Choose another one.")


def propose_handle(name: str) -> str:
    """Return a free handle made of ``name``, such as ``blue-heron-2``; empty where it has no letters."""
    base = slugify(name)[:HANDLE_LENGTH].strip("-")
    if not base:
        return ""
    taken = set(
        Organization.objects.filter(handle__startswith=base[: HANDLE_LENGTH - 4]).values_list("handle", flat=True)
    )
    candidates = (base, *(f"{base[: HANDLE_LENGTH - 4].rstrip('-')}-{number}" for number in range(2, 1000)))
    return next((handle for handle in candidates if handle not in taken), "")


def refuse_second_organization(person: Person) -> None:
    """Raise :class:`Refusal` for a person who has created an organization."""
    if Organization.objects.filter(created_by=person).exists():
        raise Refusal(ONLY_ONE, SWITCH_INSTEAD)


def create_organization(*, actor: Actor, name: str, handle: str) -> Organization:
    """Create an organization with its environments and make the acting person its Admin.

    Raises :class:`HandleTaken`, and :class:`Refusal` for a second organization; the database decides races.
    """
    person = actor.person
    if person is None:
        raise Refusal("Only a person can create an organization.", "Sign in first.")
    refuse_second_organization(person)
    try:
        with transaction.atomic():
            organization = Organization.objects.create(
                name=name, handle=handle, created_by=person, tier=settings.NEW_ORGANIZATION_TIER
            )
            Member.objects.create(organization=organization, person=person, role=Role.ADMIN.value)
            Environment.objects.bulk_create(
                Environment(organization=organization, name=label, critical=critical, position=position)
                for position, (label, critical) in enumerate(DEFAULT_ENVIRONMENTS)
            )
            audit.record(
                "organization.created",
                actor=actor,
                organization=organization,
                subject=organization,
                handle=handle,
            )
    except IntegrityError:
        refuse_second_organization(person)
        raise HandleTaken from None
    return organization


def change_organization(*, actor: Actor, organization: Organization, name: str, handle: str) -> bool:
    """Rename an organization or give it another handle. Returns whether it changed; raises HandleTaken."""
    wanted = {"name": name, "handle": handle}
    before = {field: getattr(organization, field) for field in wanted}
    changed = {field: value for field, value in wanted.items() if value != before[field]}
    if not changed:
        return False
    try:
        with transaction.atomic():
            Organization.objects.filter(pk=organization.pk).update(**changed)
            organization.refresh_from_db()
            audit.record(
                "organization.changed",
                actor=actor,
                organization=organization,
                subject=organization,
                **{field: f"{before[field]} → {value}" for field, value in changed.items()},
            )
    except IntegrityError:
        raise HandleTaken from None
    return True


@transaction.atomic
def delete_organization(*, actor: Actor, organization: Organization, typed_name: str) -> None:
    """Delete an organization: everybody's access ends at once, its name and handle are free again.

    The row stays for the trail and for what was used. Raises :class:`Refusal` where ``typed_name`` is another name,
    and while something, such as a data store, stands in the way.
    """
    row = Organization.objects.select_for_update().get(pk=organization.pk)
    if typed_name.strip() != row.name:
        raise Refusal("The name you typed is not the organization's, so nothing was deleted.", f"Type “{row.name}”.")
    if standing := obstacles.of(row):
        raise Refusal(f"{row.name} was not deleted.", " ".join(standing))
    record = audit.record("organization.deleted", actor=actor, organization=row, subject=row, handle=row.handle)
    row.memberships.all().delete()
    row.invitations.all().delete()
    row.webhooks.all().delete()
    row.deleted_at, row.created_by, row.upgrade_asked_at = record.at, None, None
    row.handle = f"deleted-{row.pk.hex}"[:HANDLE_LENGTH]
    row.save(update_fields=["deleted_at", "created_by", "upgrade_asked_at", "handle"])
