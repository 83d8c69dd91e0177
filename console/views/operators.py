"""The one-time sign-in of operators: behind a button, so that a link preview does not use it up."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from console.actions.operators import redeem_operator_link
from console.middleware import client_address

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_variables("token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button (GET); use the link up and sign its operator in (POST)."""
    if request.method != "POST":
        return render(request, "console/operator_sign_in.html")
    person = redeem_operator_link(token=token, address=client_address(request))
    if person is None:
        return render(request, "console/operator_link_ended.html", status=410)
    login(request, person, backend=BACKEND)
    UserSession.objects.create_from_request(request)
    return redirect("admin:index" if person.has_usable_password() else "account_set_password")
