"""The Nodes tab: the nodes with their history, and what a person can do with them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores import actions
from datastores.forms.availability import DrillForm, ReplaceForm, SwitchOverForm
from datastores.models import DataStore, Failover
from datastores.presentation.availability import nodes_page, refined
from datastores.presentation.drills import faults_of
from datastores.presentation.operations import view_of
from datastores.presentation.outages import changes_of, headline, promise_words
from datastores.sites.registry import driver_of
from datastores.views.shared import WHOLE_PAGE, deleted_store, latest_operation, page_context, store_of

HISTORY_PAGE = 20


@require_safe
@never_cache
@permission_required("store:view")
def nodes(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the nodes; to the page's question for news: none (204), the nodes, or at the end the whole page once."""
    asks = request.htmx and "seen" in request.GET
    if asks and deleted_store(request, pk):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("store", args=[pk])})
    context = _context(request, store_of(request, pk, "store:view"))
    if not asks:
        return render(request, "datastores/store/nodes.html", context)
    page = context["nodes"]
    if not page.moving:
        answer = render(request, "datastores/store/nodes.html", context)
        for name, value in WHOLE_PAGE.items():
            answer[name] = value
        return answer
    if request.GET["seen"] == page.version:
        return HttpResponse(status=204)
    return render(request, "datastores/store/nodes_live.html", context)


@require_POST
@never_cache
@permission_required("store:switch_over")
def switch_over(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a standby the primary, as planned."""
    store = store_of(request, pk, "store:switch_over")
    form = SwitchOverForm(store, request.POST)
    if not form.is_valid():
        return _again(request, store, switch_form=form)
    try:
        actions.switch_over(actor=request.actor, store=store, node=form.cleaned_data["node"])
    except Refusal as refusal:
        return _again(request, store, refusal, switch_form=form)
    return redirect("store-nodes", pk)


@require_POST
@never_cache
@permission_required("store:switch_over")
def restart(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Restart every node, the standbys first."""
    store = store_of(request, pk, "store:switch_over")
    try:
        actions.restart(actor=request.actor, store=store)
    except Refusal as refusal:
        return _again(request, store, refusal)
    return redirect("store-nodes", pk)


@require_POST
@never_cache
@permission_required("store:switch_over")
def replace_node(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Remove a standby and make another in its place."""
    store = store_of(request, pk, "store:switch_over")
    form = ReplaceForm(store, request.POST)
    if not form.is_valid():
        return _again(request, store, replace_form=form)
    try:
        actions.replace_node(actor=request.actor, store=store, node=form.cleaned_data["node"])
    except Refusal as refusal:
        return _again(request, store, refusal, replace_form=form)
    return redirect("store-nodes", pk)


@require_POST
@never_cache
@permission_required("store:drill")
def drill(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the primary fail on purpose; the store's name was typed."""
    store = store_of(request, pk, "store:drill")
    form = DrillForm(store, request.POST)
    if not form.is_valid():
        return _again(request, store, drill_form=form)
    fault, typed = form.cleaned_data["fault"], form.cleaned_data["confirm_name"]
    try:
        actions.drill(actor=request.actor, store=store, fault=fault, typed_name=typed)
    except Refusal as refusal:
        return _again(request, store, refusal, drill_form=form)
    return redirect("store-nodes", pk)


@require_POST
@never_cache
@permission_required("store:drill")
def monthly_drill(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Switch the monthly drill to what the form says; saying it twice changes nothing."""
    store = store_of(request, pk, "store:drill")
    monthly = request.POST.get("monthly") == "on"
    try:
        actions.set_monthly_drill(actor=request.actor, store=store, monthly=monthly)
    except Refusal as refusal:
        return _again(request, store, refusal)
    messages.success(request, f"The monthly drill is {'on' if monthly else 'off'}.")
    return redirect("store-nodes", pk)


def _again(request: AuthedRequest, store: DataStore, refusal: Refusal | None = None, **forms: Any) -> HttpResponse:
    """Show the tab with what was refused and with what was typed."""
    context = _context(request, store) | {"refusal": refusal, **forms}
    if "drill_form" in forms:
        context["faults"] = faults_of(store, forms["drill_form"].data.get("fault", ""))
    return render(request, "datastores/store/nodes.html", context, status=422)


def _context(request: AuthedRequest, store: DataStore) -> dict[str, Any]:
    latest = latest_operation(store)
    work = view_of(latest) if latest else None
    rows = list(store.nodes.select_related("store").order_by("number"))
    context = page_context(request, store, "store-nodes", busy=bool(work and work.active))
    controls = refined(context["controls"], store, rows)
    history = Paginator(Failover.objects.filter(store=store), HISTORY_PAGE).get_page(request.GET.get("page"))
    return context | {
        "controls": controls,
        "nodes": nodes_page(store, rows, work, controls),
        "work": work,
        "endpoint": driver_of(store).endpoint(store),
        "page": history,
        "changes": changes_of(history),
        "promise": promise_words(headline(store)),
        "has_standbys": store.plan.node_count > 1,
        "next_drill": actions.next_monthly_drill(store, timezone.now()),
        "switch_form": SwitchOverForm(store),
        "replace_form": ReplaceForm(store),
        "drill_form": DrillForm(store),
        "faults": faults_of(store, ""),
    }
