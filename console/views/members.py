"""Who belongs to the organization, and what each role may do."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.access import permission_required
from console.permissions import TABLE, Role
from console.requests import AuthedRequest


@require_safe
@permission_required("organization:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List the members with their roles."""
    organization = request.member.organization
    members = organization.memberships.select_related("person").order_by("joined_at")
    context = {"organization": organization, "members": members, "tab": "members"}
    return render(request, "console/members.html", context)


@require_safe
@permission_required("organization:view")
def roles(request: AuthedRequest) -> HttpResponse:
    """Show the table of permissions as it is enforced."""
    rows = [(words, [(role.label, role in allowed) for role in Role]) for allowed, words in TABLE.values()]
    context = {
        "organization": request.member.organization,
        "roles": list(Role),
        "rows": rows,
        "own": Role(request.member.role),
        "tab": "roles",
    }
    return render(request, "console/roles.html", context)
