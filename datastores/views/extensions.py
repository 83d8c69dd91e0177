"""The Databases tab: logical databases as the server tells them, and the extensions of one of them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.actions import create_extension
from datastores.models import DataStore
from datastores.presentation.databases import databases_page
from datastores.views.shared import lists_databases, page_context, store_of


@require_safe
@never_cache
@permission_required("store:view")
def databases(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the databases, and the extensions of the one that ``database`` names."""
    return _page(request, _store(request, pk, "store:view"), request.GET.get("database", ""))


@require_POST
@permission_required("store:extend")
def create(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Have a reviewed extension created; a refusal stands above the databases."""
    store = _store(request, pk, "store:extend")
    database, name = request.GET.get("database", ""), request.POST.get("extension", "")
    try:
        create_extension(actor=request.actor, store=store, database=database, name=name)
    except Refusal as refusal:
        return _page(request, store, database, refusal=refusal)
    messages.success(request, f"{name} is ready in “{database}”.")
    return redirect(f"{reverse('store-databases', args=[pk])}?{urlencode({'database': database})}")


def _store(request: AuthedRequest, pk: uuid.UUID, permission: str) -> DataStore:
    """Return the store; 404 where its engine has no logical databases that can be listed."""
    store = store_of(request, pk, permission)
    if not lists_databases(store):
        raise Http404
    return store


def _page(request: AuthedRequest, store: DataStore, database: str, refusal: Refusal | None = None) -> HttpResponse:
    context = page_context(request, store, "store-databases", busy=False)
    context |= {"page": databases_page(store, database), "refusal": refusal}
    return render(request, "datastores/store/databases.html", context, status=422 if refusal else 200)
