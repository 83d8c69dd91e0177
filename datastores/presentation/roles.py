"""Why somebody can't use a control: the reason that stands beside it."""

from __future__ import annotations

from console.models import Member
from console.permissions import Role, roles_with


def who_may(permission: str) -> str:
    """Return the roles that have ``permission``, as a person says it: "Admin or DevOps"."""
    labels = [role.label for role in roles_with(permission)]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"


def refused(member: Member, permission: str) -> str:
    """Return why ``member`` lacks ``permission``, or an empty text where they have it."""
    if member.can(permission):
        return ""
    label = Role(member.role).label
    return f"Needs the role {who_may(permission)}; yours is {label}."
