"""The Marketplace: search, a listing's page, and the one click that adds or removes a database."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.access import permission_required
from console.requests import AuthedRequest
from datastores.presentation.roles import refused
from datastores.views.databases import tab_url
from datastores.views.shared import store_of
from marketplace.actions import listings as actions
from marketplace.forms.listings import DescribeForm, MarketplaceFilter
from marketplace.models import Listing
from marketplace.presentation.cards import cards_of
from marketplace.presentation.markdown import html_of

PAGE = 24
TABS = [{"label": "Databases", "url": "", "current": True}]


@require_safe
@never_cache
@permission_required("marketplace:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List what is offered, searched and filtered. ``place`` is where a new connection shall be made."""
    chosen = MarketplaceFilter(request.GET)
    mine = Listing.objects.for_member(request.member, "marketplace:view").defer("overview")
    found = chosen.apply(mine.select_related("store"))
    page = Paginator(found.only(*_card_fields()), PAGE).get_page(request.GET.get("page"))
    place = request.GET.get("place", "")
    context = {
        "form": chosen,
        "page": page,
        "cards": cards_of(list(page.object_list)),
        "nothing_yet": not page.paginator.count and not chosen.is_filtering,
        "place": place,
        "query": f"?{urlencode({'place': place})}" if place else "",
        "tabs": [{**TABS[0], "url": reverse("marketplace")}],
        "connects": "connect" in request.GET or bool(place),
    }
    return render(request, "marketplace/index.html", context)


@require_safe
@never_cache
@permission_required("marketplace:view")
def show(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one listing; one that was removed leads back with a word."""
    listing = _listing(request, pk, "marketplace:view")
    place = request.GET.get("place", "")
    context = {
        "listing": listing,
        "card": cards_of([listing])[0],
        "overview": html_of(listing.overview),
        "why_not_edit": refused(request.member, "marketplace:edit"),
        "why_not_connect": refused(request.member, "connection:edit"),
        "tab_url": tab_url(listing.store, listing.database),
        "query": f"?{urlencode({'place': place})}" if place else "",
        "crumbs": [("Marketplace", reverse("marketplace")), (listing.name, "")],
    }
    return render(request, "marketplace/listing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("marketplace:edit")
def edit(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Write what people read about a listing."""
    listing = _listing(request, pk, "marketplace:edit")
    initial = {
        "name": listing.name,
        "summary": listing.summary,
        "labels": ", ".join(listing.labels),
        "overview": listing.overview,
    }
    form = DescribeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.describe(actor=request.actor, listing=listing, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("listing", pk)
    page = reverse("listing", args=[pk])
    crumbs = [("Marketplace", reverse("marketplace")), (listing.name, page), ("Edit", "")]
    context = {"form": form, "listing": listing, "crumbs": crumbs}
    return render(request, "marketplace/listing_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@permission_required("marketplace:edit")
def add(request: AuthedRequest, store: uuid.UUID) -> HttpResponse:
    """Add the database that the address names."""
    database = request.GET.get("database", "")
    if not database:
        raise Http404
    offered = store_of(request, store, "marketplace:edit")
    listing = actions.add_to_marketplace(actor=request.actor, store=offered, database=database)
    messages.success(request, f"“{listing}” is in the Marketplace.")
    return redirect(tab_url(offered, database))


@require_POST
@permission_required("marketplace:edit")
def remove(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Remove a listing; existing connections go on."""
    listing = _listing(request, pk, "marketplace:edit")
    actions.remove_from_marketplace(actor=request.actor, listing=listing)
    messages.success(request, f"“{listing}” is removed from the Marketplace. Existing connections go on working.")
    return redirect(tab_url(listing.store, listing.database))


def _listing(request: AuthedRequest, pk: uuid.UUID, permission: str) -> Listing:
    return get_object_or_404(Listing.objects.for_member(request.member, permission).select_related("store"), pk=pk)


def _card_fields() -> list[str]:
    return ["name", "summary", "labels", "database", "organization_id", "store__engine", "store__name", "store__state"]
