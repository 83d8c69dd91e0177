"""The tabs of one data store: Overview with its running work, Advanced Settings, Activity."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.access import permission_required
from console.models import AuditEvent
from console.requests import AuthedRequest
from datastores.forms.engine_settings import settings_form
from datastores.presentation.operations import view_of
from datastores.presentation.sections import section_of
from datastores.views import networks
from datastores.views.overview import field_page, overview_page
from datastores.views.shared import WHOLE_PAGE, deleted_store, latest_operation, page_context, store_of

ACTIVITY_PAGE = 50


@require_safe
@never_cache
@permission_required("store:view")
def overview(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the data store; one that was deleted leads to the list, which says so."""
    if gone := deleted_store(request, pk):
        messages.info(request, f"“{gone.name}” was deleted. Its activity stays in the organization's trail.")
        return redirect(section_of(gone.engine).route)
    store = store_of(request, pk, "store:view")
    if request.htmx and "field" in request.GET:
        return field_page(request, store, request.GET["field"])
    return overview_page(request, store)


@require_safe
@never_cache
@permission_required("store:view")
def operation(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer the page's question for news: none (204), the timeline, or at the end the whole page once."""
    if not request.htmx:
        return redirect("store", pk)
    if deleted_store(request, pk):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("store", args=[pk])})
    store = store_of(request, pk, "store:view")
    latest = latest_operation(store)
    if latest is None or not latest.is_active:
        page = overview_page(request, store)
        for name, value in WHOLE_PAGE.items():
            page[name] = value
        return page
    view = view_of(latest)
    if request.GET.get("seen") == view.version:
        return HttpResponse(status=204)
    return render(request, "datastores/store/operation.html", {"store": store, "work": view})


@require_safe
@never_cache
@permission_required("store:view")
def settings(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show who may connect, deletion protection, the reset of the password, and deletion."""
    store = store_of(request, pk, "store:view")
    context = page_context(request, store, "store-settings", busy=store.running_operation() is not None)
    context |= {"network_card": networks.card(request, store), "engine_form": settings_form(store)}
    return render(request, "datastores/store/settings.html", context)


@require_safe
@never_cache
@permission_required("activity:view")
def activity(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show who did what to the data store."""
    store = store_of(request, pk, "store:view")
    events = AuditEvent.objects.filter(
        organization_id=store.organization_id,
        object_type=store._meta.model_name or "",
        object_id=str(store.pk),
    )
    page = Paginator(events, ACTIVITY_PAGE).get_page(request.GET.get("page"))
    context = page_context(request, store, "store-activity", busy=False) | {"page": page}
    return render(request, "datastores/store/activity.html", context)
