"""The buttons of a data store: each is one POST, one action, and back to the page that shows the work."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores import actions
from datastores.forms.engine_settings import settings_form
from datastores.views import networks
from datastores.views.shared import page_context, store_of


@require_POST
@permission_required("store:power")
def power_off(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop the server; data and address stay."""
    actions.power_off(actor=request.actor, store=store_of(request, pk, "store:power"))
    return redirect("store", pk)


@require_POST
@permission_required("store:power")
def power_on(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Start the server at the same address."""
    actions.power_on(actor=request.actor, store=store_of(request, pk, "store:power"))
    return redirect("store", pk)


@require_POST
@permission_required("store:reset_password")
def reset_password(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Give the super admin a new password."""
    actions.reset_password(actor=request.actor, store=store_of(request, pk, "store:reset_password"))
    return redirect("store", pk)


@require_POST
@permission_required("store:protect")
def protection(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Switch deletion protection to what the form says; saying it twice changes nothing."""
    store = store_of(request, pk, "store:protect")
    protected = request.POST.get("protected") == "on"
    actions.set_protection(actor=request.actor, store=store, protected=protected)
    messages.success(request, f"Deletion protection is {'on' if protected else 'off'}.")
    return redirect("store-settings", pk)


@require_POST
@never_cache
@permission_required("store:delete")
def delete(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete the data store whose name was typed; a refusal stands beside the field."""
    store = store_of(request, pk, "store:delete")
    try:
        actions.delete_store(actor=request.actor, store=store, typed_name=request.POST.get("confirm_name", ""))
    except Refusal as refusal:
        context = page_context(request, store, "store-settings", busy=False)
        context |= {
            "delete_error": f"{refusal.sentence} {refusal.remedy}".strip(),
            "network_card": networks.card(request, store),
            "engine_form": settings_form(store),
        }
        return render(request, "datastores/store/settings.html", context, status=422)
    return redirect("store", pk)


@require_POST
@permission_required("operation:retry")
def retry(request: AuthedRequest, pk: uuid.UUID, operation: uuid.UUID) -> HttpResponse:
    """Let failed work go on."""
    store = store_of(request, pk, "operation:retry")
    actions.retry_operation(actor=request.actor, operation=get_object_or_404(store.operations, pk=operation))
    return redirect("store", pk)
