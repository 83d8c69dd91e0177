"""Connections: the list, making one from a listing, the page of one, deleting it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.presentation.roles import refused
from datastores.presentation.tenancy import badge_of, dependents_of
from datastores.uses import Question
from marketplace.actions import connections as actions
from marketplace.forms.connections import ConnectionForm
from marketplace.forms.projects import TokenForm
from marketplace.models import Binding, Connection, Listing
from marketplace.presentation.connection import tabs_of, use_of, view_of

LIST = ("Connections", "connection-list")


@require_safe
@never_cache
@permission_required("connection:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List the organization's connections with the environments that they have logins in."""
    mine = Connection.objects.for_member(request.member, "connection:view")
    bindings = Binding.objects.select_related("environment", "store")
    found = mine.select_related("project", "component", "listing").prefetch_related(Prefetch("bindings", bindings))
    rows = [(one, [(binding, badge_of(binding)) for binding in one.bindings.all()]) for one in found]
    context = {"rows": rows, "why": refused(request.member, "connection:edit"), "crumbs": [("Connections", "")]}
    return render(request, "marketplace/connections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("connection:edit")
def create(request: AuthedRequest, listing: uuid.UUID) -> HttpResponse:
    """Make a connection to a listing: its place, its name, a credential per environment."""
    member = request.member
    offered = Listing.objects.for_member(member, "connection:edit").select_related("store")
    chosen = get_object_or_404(offered, pk=listing)
    environments = list(member.organization.environments.all())
    form = ConnectionForm(
        request.POST or None, member=member, listing=chosen, environments=environments,
        initial={"place": request.GET.get("place", "")},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = _create(request, form, chosen)
        except actions.NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        except Refusal as refusal:
            form.add_error(None, f"{refusal.sentence} {refusal.remedy}")
        else:
            messages.success(request, f"The connection “{made}” is ready.")
            return redirect("connection", made.pk)
    context = {
        "form": form,
        "listing": chosen,
        "import_url": reverse("store-credential-import", args=[chosen.store_id]),
        "why_not_import": refused(member, "credential:edit"),
        "crumbs": [(LIST[0], reverse(LIST[1])), ("Create", "")],
    }
    return render(request, "marketplace/connection_create.html", context, status=422 if form.is_bound else 200)


@require_safe
@never_cache
@permission_required("connection:view")
def show(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a connection in the environment that the address names."""
    connection = connection_of(request, pk, "connection:view")
    return connection_page(request, connection, request.GET.get("environment", ""))


def connection_page(
    request: AuthedRequest, connection: Connection, chosen: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render a connection's page; ``more`` is what this time only is shown, such as a password or a new token."""
    tabs = tabs_of(connection, chosen)
    current = next(tab for tab in tabs if tab.current)
    binding = current.binding
    if binding:
        binding.connection = connection
    page = reverse("connection", args=[connection.pk])
    any_binding = binding or next((tab.binding for tab in tabs if tab.binding), None)
    context = {
        "connection": connection,
        "tabs": [
            {"label": tab.environment.name, "url": f"{page}?environment={tab.environment.pk}", "current": tab.current}
            for tab in tabs
        ],
        "environment": current.environment,
        "view": view_of(binding, request.member) if binding else None,
        "tokens": binding.tokens.select_related("created_by") if binding else [],
        "token_form": TokenForm(),
        "delivery_command": delivery_command(binding) if binding else "",
        "use": use_of(connection, any_binding.store.engine, _reference(connection, any_binding))
        if any_binding
        else None,
        "why_not_edit": refused(request.member, "connection:edit"),
        "crumbs": [(LIST[0], reverse(LIST[1])), (connection.name, "")],
        **more,
    }
    return render(request, "marketplace/connection.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("connection:edit")
def delete(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show who is connected through it; delete it when its name was typed."""
    connection = connection_of(request, pk, "connection:edit")
    error = ""
    if request.method == "POST":
        typed = request.POST.get("confirm_name", "")
        try:
            actions.delete_connection(actor=request.actor, connection=connection, typed_name=typed)
        except Refusal as refusal:
            error = f"{refusal.sentence} {refusal.remedy}"
        else:
            messages.success(request, f"The connection “{connection.name}” is deleted.")
            return redirect("connection-list")
    found = [
        dependents_of(Question(one.store, username=one.username)) for one in connection.bindings.select_related("store")
    ]
    page = reverse("connection", args=[pk])
    context = {
        "connection": connection,
        "sessions": sum(one.sessions for one in found),
        "error": error,
        "page": page,
        "crumbs": [(LIST[0], reverse(LIST[1])), (connection.name, page), ("Delete", "")],
    }
    return render(request, "marketplace/connection_delete.html", context, status=422 if error else 200)


def delivery_command(binding: Binding) -> str:
    """Return the command with which a deployment fetches the values. The token stays out of the program's arguments."""
    url = settings.CONSOLE_URL + reverse("delivery", args=[binding.pk])
    return (
        "printf 'Authorization: Bearer %s' \"$HEADWATER_TOKEN\" \\\n"
        f"  | curl --fail --silent --show-error --header @- --output .env {url}\n"
    )


def connection_of(request: AuthedRequest, pk: uuid.UUID, permission: str) -> Connection:
    """Return a connection of the member's organization, 404 where it is somebody else's."""
    mine = Connection.objects.for_member(request.member, permission)
    return get_object_or_404(mine.select_related("project", "component", "listing", "organization"), pk=pk)


def _create(request: AuthedRequest, form: ConnectionForm, listing: Listing) -> Connection:
    project, component = form.where
    return actions.create_connection(
        actor=request.actor, member=request.member, listing=listing, project=project, component=component,
        name=form.cleaned_data["name"], description=form.cleaned_data["description"],
        choices=form.choices_of(form.cleaned_data),
    )  # fmt: skip


def _reference(connection: Connection, binding: Binding) -> str:
    """Return the readable identifier of the database that snippets name."""
    return f"database:{binding.store.name}/{binding.database}"
