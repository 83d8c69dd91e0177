"""What the shell of every page shows: navigation, the organization switcher, the member."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from console import navigation
from console.models import Member, Notice
from console.permissions import Role


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. What needs a query is a callable: partials and plain pages do not pay for it."""
    member: Member | None = getattr(request, "member", None)
    if member is None:
        return {"member": None, "navigation": [], "organization_switcher": None, "notices_unread": 0}
    return {
        "member": member,
        "navigation": lambda: navigation.groups(request, member),
        "organization_switcher": lambda: organization_switcher(member),
        "notices_unread": lambda: Notice.objects.unread(member).count(),
    }


def organization_switcher(member: Member) -> dict[str, Any]:
    """Return the person's organizations by name; one may be created until the person has."""
    memberships = list(
        Member.objects.select_related("organization").filter(person_id=member.person_id).order_by("organization__name")
    )
    has_created = any(each.organization.created_by_id == member.person_id for each in memberships)
    return {
        "current": member.organization.name,
        "items": [
            {
                "id": each.organization_id,
                "name": each.organization.name,
                "role": Role(each.role).label,
                "current": each.organization_id == member.organization_id,
            }
            for each in memberships
        ],
        "switch_url": reverse("organization-switch"),
        "create_url": "" if has_created else reverse("organization-create"),
    }
