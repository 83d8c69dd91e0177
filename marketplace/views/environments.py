"""What can be done with a connection in one environment: choose, reveal, download, tokens, try."""

from __future__ import annotations

import json
import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.errors import Refusal
from console.models import Environment
from console.requests import AuthedRequest
from datastores.engines.registry import ENGINES
from marketplace.actions import connections as choosing
from marketplace.actions import delivery as actions
from marketplace.actions.drift import check_everywhere
from marketplace.bindings import kubernetes_secret, resource_name
from marketplace.forms.connections import ChooseForm
from marketplace.forms.projects import TokenForm
from marketplace.models import Binding, Connection
from marketplace.names import env_file
from marketplace.views.connections import connection_of, connection_page

FILES = ("env", "secret", "json")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("connection:edit")
def choose(request: AuthedRequest, pk: uuid.UUID, environment: int) -> HttpResponse:
    """Choose another credential for one environment."""
    connection = connection_of(request, pk, "connection:edit")
    wanted = get_object_or_404(connection.organization.environments, pk=environment)
    choosing.refuse_critical(request.member, wanted)
    if connection.listing is None or not connection.listing.is_offered:
        raise Refusal(
            "The database is not in the Marketplace any more, so no other credentials can be chosen.",
            "What the connection has goes on working.",
        )
    form = ChooseForm(request.POST or None, member=request.member, listing=connection.listing, environment=wanted)
    if request.method == "POST" and form.is_valid():
        choosing.choose_credential(
            actor=request.actor, member=request.member, connection=connection, environment=wanted,
            credential=form.cleaned_data["credential"],
        )  # fmt: skip
        messages.success(request, "Saved. Applications get the new login when they are deployed next.")
        return redirect(page_url(connection, wanted))
    context = {
        "form": form,
        "connection": connection,
        "environment": wanted,
        "back_url": page_url(connection, wanted),
        "crumbs": [
            ("Connections", reverse("connection-list")),
            (connection.name, page_url(connection, wanted)),
            ("Credentials", ""),
        ],
    }
    return render(request, "marketplace/connection_choose.html", context, status=422 if form.is_bound else 200)


@require_POST
@never_cache
@permission_required("connection:reveal")
def reveal(request: AuthedRequest, pk: uuid.UUID, environment: int) -> HttpResponse:
    """Show the password, or answer it as text for the clipboard."""
    binding = binding_of(request, pk, environment, "connection:reveal")
    copies = request.POST.get("purpose") == "copy"
    found = actions.hand_out(
        actor=request.actor, member=request.member, binding=binding, how="copied" if copies else "revealed",
        what="password",
    )  # fmt: skip
    if copies:
        return HttpResponse(found.values.password, content_type="text/plain; charset=utf-8")
    if request.htmx:
        context = {
            "binding": binding,
            "password_value": found.values.password,
            "page_url": page_url(binding.connection, binding.environment),
        }
        return render(request, "marketplace/connection_password.html", context)
    return connection_page(request, binding.connection, str(environment), password_value=found.values.password)


@require_POST
@permission_required("connection:view")
def check(request: AuthedRequest, pk: uuid.UUID, environment: int) -> HttpResponse:
    """Try the login now."""
    binding = binding_of(request, pk, environment, "connection:view")
    check_everywhere(binding)
    works = binding.state == Binding.State.WORKS
    sentence = "The login works." if works else binding.state_sentence or binding.get_state_display()
    messages.add_message(request, messages.SUCCESS if works else messages.WARNING, sentence)
    return redirect(page_url(binding.connection, binding.environment))


@require_POST
@never_cache
@permission_required("connection:reveal")
def download(request: AuthedRequest, pk: uuid.UUID, environment: int, file: str) -> HttpResponse:
    """Download the values: as ``.env``, as a Kubernetes Secret, or as JSON."""
    binding = binding_of(request, pk, environment, "connection:reveal")
    if file not in FILES:
        raise Http404
    found = actions.hand_out(actor=request.actor, member=request.member, binding=binding, how="downloaded", what=file)
    name = resource_name(f"{binding.connection.name}-{binding.environment.name}")
    engine = ENGINES[binding.store.engine]
    texts = {
        "env": (f"{name}.env", env_file(found.variables)),
        "secret": (
            f"{name}.yaml",
            kubernetes_secret(name=name, type_=engine.binding_type, values=found.values, uri=found.uri),
        ),
        "json": (f"{name}.json", json.dumps(found.variables, indent=2) + "\n"),
    }
    called, text = texts[file]
    headers = {"Content-Disposition": f'attachment; filename="{called}"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@require_POST
@never_cache
@permission_required("connection:reveal")
def create_token(request: AuthedRequest, pk: uuid.UUID, environment: int) -> HttpResponse:
    """Make a delivery token and show it, this once."""
    binding = binding_of(request, pk, environment, "connection:reveal")
    form = TokenForm(request.POST)
    if not form.is_valid():
        return connection_page(request, binding.connection, str(environment), status=422, token_form=form)
    token = actions.create_token(
        actor=request.actor, member=request.member, binding=binding, name=form.cleaned_data["name"]
    )
    return connection_page(request, binding.connection, str(environment), new_token=token)


@require_POST
@permission_required("connection:reveal")
def revoke_token(request: AuthedRequest, pk: uuid.UUID, environment: int, token: int) -> HttpResponse:
    """End a token at once."""
    binding = binding_of(request, pk, environment, "connection:reveal")
    found = get_object_or_404(binding.tokens, pk=token)
    found.binding = binding
    actions.revoke_token(actor=request.actor, member=request.member, token=found)
    messages.success(request, f"The token “{found}” is revoked.")
    return redirect(page_url(binding.connection, binding.environment))


def binding_of(request: AuthedRequest, pk: uuid.UUID, environment: int, permission: str) -> Binding:
    """Return a connection's login of one environment, with everything that its page needs."""
    connection = connection_of(request, pk, permission)
    related = connection.bindings.select_related("environment", "store__region__site", "store__slot")
    binding = get_object_or_404(related, environment_id=environment)
    binding.connection = connection
    return binding


def page_url(connection: Connection, environment: Environment) -> str:
    """Return a connection's page with one environment shown."""
    return f"{reverse('connection', args=[connection.pk])}?environment={environment.pk}"
