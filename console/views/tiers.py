"""The tier of the organization: what it allows, and how to get the other one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.access import permission_required
from console.actions.tiers import ask_for_upgrade
from console.models import Tier
from console.permissions import NotAllowed
from console.requests import AuthedRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("organization:view")
def show(request: AuthedRequest) -> HttpResponse:
    """Show the tiers; those who may, ask the operators for the paid one."""
    member = request.member
    if request.method == "POST":
        if not member.can("tier:ask"):
            raise NotAllowed("tier:ask")
        if ask_for_upgrade(actor=request.actor, organization=member.organization):
            messages.success(request, "The operators see that you ask for the paid tier.")
        return redirect("plan")
    context = {
        "organization": member.organization,
        "paid": member.organization.tier == Tier.PAID,
        "may_ask": member.can("tier:ask"),
        "tab": "plan",
    }
    return render(request, "console/plan.html", context)
