"""Creating a database on the Databases tab, and deleting one on a page that says what depends on it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.actions import databases as actions
from datastores.forms.credentials import DatabaseForm
from datastores.models import DataStore
from datastores.presentation.tenancy import dependents_of
from datastores.uses import Question
from datastores.views.extensions import databases_tab
from datastores.views.shared import page_context, store_of


def tab_url(store: DataStore, database: str) -> str:
    """Return the Databases tab with one database opened."""
    return f"{reverse('store-databases', args=[store.pk])}?{urlencode({'database': database})}"


@require_POST
@never_cache
@permission_required("database:create")
def create(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Create a database; what is wrong with its name stands beside the field."""
    store = store_of(request, pk, "database:create")
    form = DatabaseForm(request.POST, store=store)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            actions.create_database(actor=request.actor, store=store, name=name)
        except Refusal as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}".strip())
        else:
            messages.success(request, f"The database “{name}” is there.")
            return redirect(tab_url(store, name))
    return databases_tab(request, store, "", database_form=form, status=422)


@require_safe
@never_cache
@permission_required("store:view")
def uses(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show every connection that depends on the data store, with its sessions."""
    store = store_of(request, pk, "store:view")
    context = page_context(request, store, "store-databases", busy=False) | {
        "dependents": dependents_of(Question(store))
    }
    return render(request, "datastores/store/uses.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("database:delete")
def delete(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what depends on a database; delete it when its name was typed."""
    store = store_of(request, pk, "database:delete")
    name = request.GET.get("database", "")
    if not name:
        raise Http404
    error = ""
    if request.method == "POST":
        typed = request.POST.get("confirm_name", "")
        try:
            actions.delete_database(actor=request.actor, store=store, name=name, typed_name=typed)
        except Refusal as refusal:
            error = f"{refusal.sentence} {refusal.remedy}".strip()
        else:
            messages.success(request, f"The database “{name}” is deleted.")
            return redirect("store-databases", pk)
    context = page_context(request, store, "store-databases", busy=False) | {
        "database": name,
        "dependents": dependents_of(Question(store, database=name)),
        "error": error,
        "action_url": f"{reverse('store-database-delete', args=[pk])}?{urlencode({'database': name})}",
        "back_url": tab_url(store, name),
    }
    return render(request, "datastores/store/database_delete.html", context, status=422 if error else 200)
