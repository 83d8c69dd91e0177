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
from datastores.engines.registry import ENGINES
from datastores.forms.credentials import DatabaseForm
from datastores.models import DataStore
from datastores.offers import offers_of
from datastores.presentation.databases import databases_page
from datastores.presentation.roles import refused
from datastores.presentation.tenancy import tenancy_of
from datastores.views.shared import lists_databases, page_context, store_of


@require_safe
@never_cache
@permission_required("store:view")
def databases(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the databases, and the extensions of the one that ``database`` names."""
    return databases_tab(request, _store(request, pk, "store:view"), request.GET.get("database", ""))


@require_POST
@permission_required("store:extend")
def create(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Have a reviewed extension created; a refusal stands above the databases."""
    store = _store(request, pk, "store:extend")
    database, name = request.GET.get("database", ""), request.POST.get("extension", "")
    try:
        create_extension(actor=request.actor, store=store, database=database, name=name)
    except Refusal as refusal:
        return databases_tab(request, store, database, refusal=refusal, status=422)
    messages.success(request, f"{name} is ready in “{database}”.")
    return redirect(f"{reverse('store-databases', args=[pk])}?{urlencode({'database': database})}")


def _store(request: AuthedRequest, pk: uuid.UUID, permission: str) -> DataStore:
    """Return the store; 404 where its engine has no logical databases that can be listed."""
    store = store_of(request, pk, permission)
    if not lists_databases(store):
        raise Http404
    return store


def databases_tab(
    request: AuthedRequest,
    store: DataStore,
    database: str,
    *,
    refusal: Refusal | None = None,
    database_form: DatabaseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the tab with one database opened, and what went wrong on it."""
    page = databases_page(store, database)
    member, engine = request.member, ENGINES.get(store.engine)
    opened = page.inside.name if page.inside else database or store.default_database
    offers = offers_of(request, store, [found.name for found in page.databases] or [store.default_database])
    context = page_context(request, store, "store-databases", busy=False) | {
        "page": page,
        "refusal": refusal,
        "tenancy": tenancy_of(store, opened, member),
        "databases": [(found, offers.get(found.name)) for found in page.databases],
        "database_form": database_form or DatabaseForm(store=store),
        "creates_databases": engine is not None and engine.creates_databases,
        "why_not_create": refused(member, "database:create"),
        "why_not_delete": refused(member, "database:delete"),
        "why_not_edit": refused(member, "credential:edit"),
    }
    return render(request, "datastores/store/databases.html", context, status=status)
