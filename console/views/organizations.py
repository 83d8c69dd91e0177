"""Creating an organization, switching to another one, and its settings."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console import obstacles
from console.access import permission_required
from console.actions import organizations as actions
from console.actions.invitations import invitations_for
from console.actions.organizations import HandleTaken
from console.errors import Refusal
from console.forms.organization import OrganizationForm, SwitchForm
from console.middleware import CURRENT
from console.models import Member, Organization
from console.permissions import NotAllowed
from console.requests import AuthedRequest, MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """Create the one organization that a person may create, and look at it from now on."""
    asked = cast("AuthedRequest", request)
    actions.refuse_second_organization(asked.user)
    form = OrganizationForm(asked.POST or None)
    if asked.method == "POST" and form.is_valid() and (made := _create(asked, form)):
        asked.session[CURRENT] = str(made.pk)
        messages.success(asked, f"{made.name} is ready, with the environments Development and Production.")
        return redirect("overview")
    context = {"form": form, "invitations": invitations_for(asked.user)}
    return render(asked, "console/organization_create.html", context, status=422 if form.is_bound else 200)


def _create(request: AuthedRequest, form: OrganizationForm) -> Organization | None:
    """Create it, or put the lost race for the handle beside the field."""
    try:
        return actions.create_organization(actor=request.actor, **form.cleaned_data)
    except HandleTaken as refusal:
        form.refuse_handle(refusal)
        return None


@require_safe
@login_required
def propose_handle(request: HttpRequest) -> HttpResponse:
    """Return the handle's field for the name typed so far; a handle that the person wrote stays."""
    written, proposed = request.GET.get("handle", ""), request.GET.get("proposed", "")
    if written == proposed:
        written = proposed = actions.propose_handle(request.GET.get("name", ""))
    form = OrganizationForm(initial={"handle": written})
    return render(request, "console/organization_create.html#handle", {"form": form, "proposed": proposed})


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Look at another organization from now on. One that the person is no member of is 404."""
    form = SwitchForm(request.POST)
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data["organization"]
    asked = cast("MemberRequest", request)
    if not Member.objects.filter(person=asked.actor.person, organization_id=chosen).exists():
        raise Http404
    request.session[CURRENT] = str(chosen)
    return redirect("overview")


@require_POST
@permission_required("organization:delete")
def delete(request: AuthedRequest) -> HttpResponse:
    """Delete the organization whose name was typed; a refusal stands beside the field."""
    organization = request.member.organization
    try:
        actions.delete_organization(
            actor=request.actor, organization=organization, typed_name=request.POST.get("confirm_name", "")
        )
    except Refusal as refusal:
        facts = {"name": organization.name, "handle": organization.handle}
        context = _context(request, OrganizationForm(initial=facts, own=organization))
        context["delete_error"] = f"{refusal.sentence} {refusal.remedy}".strip()
        return render(request, "console/settings.html", context, status=422)
    messages.success(request, f"{organization} is deleted.")
    return redirect("overview")


def _context(request: AuthedRequest, form: OrganizationForm) -> dict[str, object]:
    """Return what the settings page shows."""
    member = request.member
    return {
        "form": form,
        "organization": member.organization,
        "may_edit": member.can("organization:edit"),
        "may_delete": member.can("organization:delete"),
        "obstacles": obstacles.of(member.organization) if member.can("organization:delete") else [],
        "tab": "settings",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("organization:view")
def settings(request: AuthedRequest) -> HttpResponse:
    """Show the organization's name, handle and ID; those who may edit get a form."""
    organization = request.member.organization
    may_edit = request.member.can("organization:edit")
    if request.method == "POST" and not may_edit:
        raise NotAllowed("organization:edit")
    facts = {"name": organization.name, "handle": organization.handle}
    form = OrganizationForm(request.POST or None, initial=facts, own=organization)
    if request.method == "POST" and form.is_valid() and _change(request, form):
        return redirect("settings")
    return render(request, "console/settings.html", _context(request, form), status=422 if form.is_bound else 200)


def _change(request: AuthedRequest, form: OrganizationForm) -> bool:
    """Save it, or put the lost race for the handle beside the field; returns whether it is saved."""
    # A copy is changed: the shell goes on showing the true name if the change is refused.
    organization = Organization.objects.get(pk=request.member.organization_id)
    try:
        if actions.change_organization(actor=request.actor, organization=organization, **form.cleaned_data):
            messages.success(request, "Saved.")
    except HandleTaken as refusal:
        form.refuse_handle(refusal)
        return False
    return True
