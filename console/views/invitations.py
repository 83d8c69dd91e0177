"""Inviting somebody, passing the link on, taking it back; and the page that the link leads to."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required, sign_in_first
from console.actions import invitations as actions
from console.errors import Refusal
from console.forms.members import InviteForm
from console.middleware import CURRENT
from console.models import Invitation
from console.permissions import Role
from console.requests import AuthedRequest, MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("member:edit")
def invite(request: AuthedRequest) -> HttpResponse:
    """Invite an address; a refusal stands beside the field."""
    form = InviteForm(request.POST or None)
    if form.is_valid():
        try:
            made = actions.invite(
                actor=request.actor,
                organization=request.member.organization,
                email=form.cleaned_data["email"],
                role=form.chosen,
            )
        except Refusal as refusal:
            form.add_error("email", f"{refusal.sentence} {refusal.remedy}")
        else:
            _tell(request, made, mailed=actions.send(made))
            return redirect("member-invitation", made.pk)
    context = {"form": form, "tab": "members"}
    return render(request, "console/member_invite.html", context, status=422 if form.is_bound else 200)


def _tell(request: AuthedRequest, invitation: Invitation, *, mailed: bool) -> None:
    """Say whether a mail went out; otherwise the Admin passes the link on."""
    if mailed:
        messages.success(request, f"The invitation was mailed to {invitation.email}.")
    else:
        messages.info(request, f"No mail was sent. Pass the link on to {invitation.email}.")


@require_http_methods(["GET", "HEAD"])
@never_cache
@permission_required("member:edit")
def show(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an open invitation with its link."""
    found = _open(request, pk)
    context = {"invitation": found, "link": actions.link_of(found), "tab": "members"}
    return render(request, "console/member_invitation.html", context)


@require_POST
@permission_required("member:edit")
def revoke(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    actions.revoke(actor=request.actor, invitation=_open(request, pk))
    messages.success(request, "The invitation is taken back; its link no longer works.")
    return redirect("members")


def _open(request: AuthedRequest, pk: uuid.UUID) -> Invitation:
    return get_object_or_404(request.member.organization.invitations.open(), pk=pk)


@sensitive_variables("token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation to its addressee, and take it (POST). Whoever is not signed in does that first."""
    found = Invitation.of_token(token)
    if found is None or not found.is_open:
        return render(request, "console/invitation_ended.html", status=410)
    if not request.user.is_authenticated:
        return sign_in_first(request) if request.method == "POST" else _welcome(request, found)
    person, asked = request.user, cast("MemberRequest", request)
    if not actions.may_accept(found, person):
        return render(request, "console/invitation_other.html", {"invitation": found}, status=403)
    if request.method == "POST":
        member = actions.accept(actor=asked.actor, person=person, invitation=found)
        request.session[CURRENT] = str(member.organization_id)
        messages.success(request, f"You belong to {member.organization} now, as {Role(member.role).label}.")
        return redirect("overview")
    return _welcome(request, found)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    after = urlencode({"next": request.get_full_path()})
    context = {
        "invitation": invitation,
        "role": Role(invitation.role).label,
        "sign_in_url": f"{reverse('account_login')}?{after}",
        "sign_up_url": f"{reverse('account_signup')}?{after}",
    }
    return render(request, "console/invitation.html", context)
