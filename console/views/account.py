"""A person's own account: their name here, their password and address on allauth's pages."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.actions.people import change_name
from console.forms.organization import NameForm
from console.models import Person
from console.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the account and change the name."""
    asked, person = cast("MemberRequest", request), cast("Person", request.user)
    form = NameForm(request.POST or None, initial={"name": person.name})
    if request.method == "POST" and form.is_valid():
        organization = asked.member.organization if asked.member else None
        if change_name(actor=asked.actor, person=person, organization=organization, name=form.cleaned_data["name"]):
            messages.success(request, "Saved.")
        return redirect("account")
    return render(
        request,
        "console/account.html",
        {"form": form, "has_provider": bool(settings.OIDC_ISSUER)},
        status=422 if form.is_bound else 200,
    )
