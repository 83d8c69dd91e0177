"""Who may connect: change the list, look at what the change would do, save it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores import actions
from datastores.actions import ListChanged
from datastores.forms.networks import AllowListForm
from datastores.models import DataStore
from datastores.networks import Entry, fingerprint
from datastores.presentation.networks import ListCard, Person, card_of, person_at, review_of, saved_sentence
from datastores.sites.registry import driver_of
from datastores.views.shared import page_context, store_of

CONFIRM_NOBODY = "Tick the box to save a list with which nobody can connect."


def card(request: AuthedRequest, store: DataStore) -> ListCard:
    """Return what the settings page shows of the list."""
    return card_of(actions.allow_list(store), _person(request))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("store:network")
def edit(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the list as a form; answer a change with what it would do. Nothing is saved here."""
    store = store_of(request, pk, "store:network")
    if request.method != "POST":
        return _form_page(request, store, AllowListForm(entries=actions.allow_list(store)))
    if "mine" in request.POST:
        return _only_mine(request, store)
    form = AllowListForm(request.POST)
    if not form.is_valid():
        return _form_page(request, store, form, status=422)
    if "edit" in request.POST:
        return _form_page(request, store, AllowListForm(entries=form.entries, seen=form.cleaned_data["seen"]))
    return _review_page(request, store, form.entries, seen=form.cleaned_data["seen"])


@require_POST
@never_cache
@permission_required("store:network")
def save(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Save the list that was looked at, unless another one was saved meanwhile."""
    store = store_of(request, pk, "store:network")
    form = AllowListForm(request.POST)
    if not form.is_valid():
        return _form_page(request, store, form, status=422)
    wanted, seen = form.entries, form.cleaned_data["seen"]
    if not wanted and not form.cleaned_data["nobody"]:
        return _review_page(request, store, wanted, seen=seen, nobody_error=CONFIRM_NOBODY, status=422)
    try:
        outcome = actions.set_allow_list(actor=request.actor, store=store, wanted=wanted, seen=seen)
    except Refusal as refusal:
        return _review_page(request, store, wanted, seen=seen, refusal=refusal, status=422)
    if isinstance(outcome, ListChanged):
        return _review_page(request, store, wanted, seen=seen, status=409)
    messages.success(
        request,
        saved_sentence(outcome.cut, live=outcome.live) if outcome else "The list says this already: nothing changed.",
    )
    return redirect("store-settings", pk)


def _only_mine(request: AuthedRequest, store: DataStore) -> HttpResponse:
    """Propose the list that lets only the person's own address in."""
    person = _person(request)
    if not person.address:
        raise Refusal(f"The list can't be made from your address, so nothing changed. {person.why}")
    return _review_page(request, store, person.networks, seen=fingerprint(actions.allow_list(store)))


def _form_page(request: AuthedRequest, store: DataStore, form: AllowListForm, status: int = 200) -> HttpResponse:
    context = _context(request, store) | {"form": form, "person": _person(request)}
    return render(request, "datastores/store/networks_edit.html", context, status=status)


def _review_page(
    request: AuthedRequest, store: DataStore, wanted: Sequence[Entry], *, seen: str, status: int = 200, **extra: Any
) -> HttpResponse:
    """Show what saving would do to the list as it is now; where that is not the one seen, say so."""
    current = actions.allow_list(store)
    context = _context(request, store) | {
        "review": review_of(current, wanted, driver_of(store).sessions(store), _person(request)),
        "form": AllowListForm(entries=wanted, seen=fingerprint(current)),
        "current": current,
        "changed_meanwhile": seen != fingerprint(current),
        **extra,
    }
    return render(request, "datastores/store/networks_review.html", context, status=status)


def _context(request: AuthedRequest, store: DataStore) -> dict[str, Any]:
    return page_context(request, store, "store-settings", busy=False)


def _person(request: AuthedRequest) -> Person:
    """Return from where the person comes; a proxy that nobody vouches for hides it."""
    hidden = not settings.TRUSTED_PROXIES and "X-Forwarded-For" in request.headers
    return person_at(request.actor.address, behind_unknown_proxy=hidden)
