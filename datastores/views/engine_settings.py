"""Changing engine settings: one form, one action, and back to the page that shows the work."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console.access import permission_required
from console.requests import AuthedRequest
from datastores.actions import change_settings
from datastores.forms.engine_settings import settings_form
from datastores.views import networks
from datastores.views.shared import page_context, store_of


@require_POST
@never_cache
@permission_required("store:configure")
def change(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Take new settings; the Overview shows how the server follows them."""
    store = store_of(request, pk, "store:configure")
    form = settings_form(store, request.POST)
    if form is None:
        raise Http404
    if not form.is_valid():
        context = page_context(request, store, "store-settings", busy=False)
        context |= {"network_card": networks.card(request, store), "engine_form": form}
        return render(request, "datastores/store/settings.html", context, status=422)
    if change_settings(actor=request.actor, store=store, chosen=form.cleaned_data):
        return redirect("store", pk)
    messages.success(request, "Saved. The server follows these settings when it is powered on.")
    return redirect("store-settings", pk)
