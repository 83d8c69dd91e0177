"""Putting the Overview together: state, running work, connection details, plan."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.engines import registry as engines
from datastores.models import DataStore, Operation, PlanPrice
from datastores.presentation.connection import Connection, connection_of
from datastores.presentation.guarantee import guarantee_of
from datastores.presentation.operations import view_of
from datastores.presentation.plans import bound_by_site, hourly, monthly, plan_facts, sizing_fact
from datastores.presentation.storage import disk_of
from datastores.presentation.trials import trial_of
from datastores.views.shared import latest_operation, page_context

FIELDS = ("password", "uri", "reader_uri", "snippets")


def overview_page(request: AuthedRequest, store: DataStore, *, revealed: str = "", password: str = "") -> HttpResponse:
    """Render the Overview; ``revealed`` names the one field that shows ``password``."""
    latest = latest_operation(store)
    work = view_of(latest) if latest else None
    context = page_context(request, store, "store", busy=bool(work and work.active))
    engine = engines.ENGINES.get(store.engine)
    price = PlanPrice.objects.filter(plan=store.plan, cloud=store.region.cloud).first()
    context |= {
        "work": work,
        "facts": [*plan_facts(store.plan, engine), *bound_by_site(store, engine), sizing_fact(store.region.site)],
        "disk": disk_of(store),
        "trial": trial_of(store),
        "price_month": monthly(price),
        "price_hour": hourly(price),
        "region": store.region,
        "shows_connection": _has_answered(store, latest),
    }
    if store.plan.node_count > 1:
        context["guarantee"] = guarantee_of(store, list(store.nodes.order_by("number")))
    if request.member.can("store:connect"):
        context |= secrets_context(store, revealed, password)
    return render(request, "datastores/store/overview.html", context)


def _has_answered(store: DataStore, latest: Operation | None) -> bool:
    """Say whether the address is worth showing: not before the server answered, not while it goes away."""
    if store.state in {DataStore.State.CREATING, DataStore.State.DELETING}:
        return False
    return not (
        store.state == DataStore.State.FAILED and latest is not None and latest.kind in {"provision", "restore"}
    )


def secrets_context(store: DataStore, revealed: str, password: str) -> dict[str, Any]:
    """Return the connection with its masked values; the field that was revealed gets its true one."""
    masked = connection_of(store)
    true = connection_of(store, password) if revealed and masked else None
    return {
        "connection": masked,
        "revealed": revealed,
        "password_value": password if revealed == "password" else "",
        "uri_value": true.uri if true and revealed == "uri" else "",
        "reader_uri_value": true.readers.uri if true and true.readers and revealed == "reader_uri" else "",
        "snippets": _tabs(true if true and revealed == "snippets" else masked),
        "reveal_url": reverse("store-reveal", args=[store.pk]),
        "page_url": reverse("store", args=[store.pk]),
    }


def field_page(request: AuthedRequest, store: DataStore, field: str, *, password: str = "") -> HttpResponse:
    """Render one field alone, masked unless a password is given."""
    if field not in FIELDS or not request.member.can("store:connect"):
        raise Http404
    context = secrets_context(store, field if password else "", password)
    if context["connection"] is None:
        raise Refusal("The data store has no address yet.", "Wait until it is created.")
    if field == "reader_uri" and context["connection"].readers is None:
        raise Http404
    context |= {"controls": page_context(request, store, "store", busy=False)["controls"], "store": store}
    return render(request, f"datastores/store/{field}.html", context)


def _tabs(connection: Connection | None) -> list[dict[str, str]]:
    """Return the snippets as tabs."""
    if connection is None:
        return []
    return [
        {
            "slug": snippet.slug,
            "label": snippet.label,
            "file": snippet.file or snippet.label,
            "text": snippet.code,
            "note": snippet.install,
        }
        for snippet in connection.snippets
    ]
