"""Changing roles, removing members, leaving. Access is asked of the membership on every request, so it ends at once."""

from __future__ import annotations

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Member, Organization, Person
from console.notices import Kind, notify
from console.permissions import Role

LAST_ADMIN = "An organization needs at least one Admin."


@transaction.atomic
def change_role(*, actor: Actor, member: Member, role: Role) -> bool:
    """Give a member another role. Returns whether it changed; raises :class:`Refusal` for the last Admin."""
    member = _held(member)
    before = Role(member.role)
    if before == role:
        return False
    if before == Role.ADMIN:
        _refuse_last_admin(member, f"{member.person} stays Admin.")
    member.role = role.value
    member.save(update_fields=["role"])
    _record("member.role_changed", actor, member, role=f"{before.label} → {role.label}")
    return True


@transaction.atomic
def remove_member(*, actor: Actor, member: Member) -> None:
    """Take a member out. Raises :class:`Refusal` for the last Admin."""
    member = _held(member)
    if member.role == Role.ADMIN:
        _refuse_last_admin(member, f"{member.person} was not removed.")
    _record("member.removed", actor, member, role=Role(member.role).label)
    member.delete()
    name = member.person.email
    notify(member.organization, Kind.MEMBERS, f"{name} was removed", f"{actor.name} removed {name}. {PASSWORDS}")


@transaction.atomic
def leave(*, actor: Actor, member: Member) -> None:
    """Leave an organization. Raises :class:`Refusal` for its last Admin."""
    member = _held(member)
    if member.role == Role.ADMIN:
        _refuse_last_admin(member, "You were not taken out.")
    _record("member.left", actor, member, role=Role(member.role).label)
    member.delete()
    notify(member.organization, Kind.MEMBERS, f"{member.person.email} left", f"{member.person.email} left. {PASSWORDS}")


PASSWORDS = "Who knew passwords of data stores still knows them: reset those that matter."


def _held(member: Member) -> Member:
    """Return the member as they are now; one change of an organization's members follows another."""
    Organization.objects.select_for_update(no_key=True).get(pk=member.organization_id)
    found = Member.objects.select_related("organization", "person").filter(pk=member.pk).first()
    if found is None:
        raise Refusal("This member has left already.", "Reload the page to see who belongs to the organization.")
    return found


def _refuse_last_admin(member: Member, what: str) -> None:
    admins = Member.objects.filter(
        organization_id=member.organization_id, role=Role.ADMIN.value, person__is_active=True
    )
    if not admins.exclude(pk=member.pk).exists():
        raise Refusal(f"{LAST_ADMIN} {what}", "Make somebody else Admin first, or delete the organization.")


def _record(action: str, actor: Actor, member: Member, **detail: str) -> None:
    subject: Person = member.person
    record(action, actor=actor, organization=member.organization, subject=subject, **detail)
