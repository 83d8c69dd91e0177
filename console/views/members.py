"""Who belongs to the organization, what each role may do, and changing either of the two."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.access import permission_required
from console.actions import members as actions
from console.forms.members import ROLES, RoleForm
from console.models import Member
from console.permissions import TABLE, Role
from console.requests import AuthedRequest


@require_safe
@permission_required("organization:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List the members with their roles; Admins see who is invited, too."""
    organization = request.member.organization
    may_edit = request.member.can("member:edit")
    context = {
        "organization": organization,
        "members": organization.memberships.select_related("person").order_by("joined_at"),
        "invitations": organization.invitations.open() if may_edit else [],
        "roles": ROLES,
        "may_edit": may_edit,
        "tab": "members",
    }
    return render(request, "console/members.html", context)


@require_POST
@permission_required("member:edit")
def role(request: AuthedRequest, pk: int) -> HttpResponse:
    """Give a member another role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Http404
    chosen = Role(form.cleaned_data["role"])
    if actions.change_role(actor=request.actor, member=_member(request, pk), role=chosen):
        messages.success(request, f"The role is {chosen.label} from now on.")
    return redirect("members")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("member:edit")
def remove(request: AuthedRequest, pk: int) -> HttpResponse:
    """Say what removing means, and do it."""
    member = _member(request, pk)
    if request.method == "POST":
        actions.remove_member(actor=request.actor, member=member)
        messages.success(request, f"{member.person} no longer belongs to {request.member.organization}.")
        return redirect("members")
    return render(request, "console/member_remove.html", {"other": member, "tab": "members"})


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("organization:view")
def leave(request: AuthedRequest) -> HttpResponse:
    """Say what leaving means, and do it."""
    if request.method == "POST":
        actions.leave(actor=request.actor, member=request.member)
        messages.success(request, f"You have left {request.member.organization}.")
        return redirect("overview")
    return render(request, "console/member_leave.html", {"tab": "members"})


def _member(request: AuthedRequest, pk: int) -> Member:
    mine = request.member.organization.memberships.select_related("person", "organization")
    return get_object_or_404(mine, pk=pk)


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
