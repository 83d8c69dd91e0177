"""Rotating a login: a page that lists everybody who shares it, and the end of the old one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.presentation.tenancy import dependents_of
from datastores.uses import Question
from marketplace.actions import rotation as actions
from marketplace.actions.connections import refuse_critical, rotation_of
from marketplace.views.environments import binding_of, page_url


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("connection:rotate")
def rotate(request: AuthedRequest, pk: uuid.UUID, environment: int) -> HttpResponse:
    """List every connection that shares the login, then rotate it."""
    binding = binding_of(request, pk, environment, "connection:rotate")
    refuse_critical(request.member, binding.environment)
    back_url = page_url(binding.connection, binding.environment)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = actions.rotate(
                actor=request.actor, member=request.member, binding=binding,
                super_admin_too=request.POST.get("super_admin_too") == "on",
            )  # fmt: skip
        except Refusal as caught:
            refusal = caught
        else:
            messages.success(
                request, f"{made.new_username} is handed out from now on; {made.old_username} still works."
            )
            return redirect(back_url)
    context = {
        "binding": binding,
        "dependents": dependents_of(Question(binding.store, username=binding.username)),
        "refusal": refusal,
        "back_url": back_url,
        "crumbs": [("Connections", reverse("connection-list")), (binding.connection.name, back_url), ("Rotate", "")],
    }
    return render(request, "marketplace/connection_rotate.html", context, status=422 if refusal else 200)


@require_POST
@permission_required("connection:rotate")
def retire(request: AuthedRequest, pk: uuid.UUID, environment: int) -> HttpResponse:
    """End the old login now, whoever still uses it."""
    binding = binding_of(request, pk, environment, "connection:rotate")
    refuse_critical(request.member, binding.environment)
    rotation = rotation_of(binding)
    if rotation is None:
        raise Http404
    actions.retire(actor=request.actor, rotation=rotation)
    messages.success(request, f"{rotation.old_username} is retired: nobody can log in with it any more.")
    return redirect(page_url(binding.connection, binding.environment))
