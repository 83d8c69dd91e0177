"""Changing a data store's plan: choose, look at what it means, do it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.actions.plans import change_plan
from datastores.models import DataStore, ServicePlan
from datastores.presentation.plan_change import changes_of, course_of, options_of
from datastores.views.shared import page_context, store_of


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("store:change_plan")
def change(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the plans; ``?plan=`` names the one to look at, a POST with it changes."""
    store = store_of(request, pk, "store:change_plan")
    if request.method != "POST":
        return _page(request, store, request.GET.get("plan", ""))
    plan = get_object_or_404(ServicePlan, slug=request.POST.get("plan", ""))
    try:
        operation = change_plan(actor=request.actor, store=store, plan=plan)
    except Refusal as refusal:
        return _page(request, store, plan.slug, refusal=refusal)
    if operation is None:
        messages.success(request, f"The plan is {plan} from now on; it takes effect when the server is powered on.")
    return redirect("store", pk)


def _page(request: AuthedRequest, store: DataStore, slug: str, refusal: Refusal | None = None) -> HttpResponse:
    options = options_of(store, slug)
    chosen = next((option for option in options if option.chosen and not option.why), None)
    context = page_context(request, store, "store-settings", busy=False) | {
        "options": [option for option in options if not option.why or option.plan.pk == store.plan_id],
        "others": [option for option in options if option.why and option.plan.pk != store.plan_id],
        "chosen": chosen,
        "meaning": [*course_of(store, chosen.plan), *changes_of(store, chosen.plan)] if chosen else [],
        "refusal": refusal,
    }
    return render(request, "datastores/store/change_plan.html", context, status=422 if refusal else 200)
