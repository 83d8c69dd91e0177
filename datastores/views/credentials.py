"""Import Credentials, Create a login for me, and what can be done with a credential afterwards."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.actions import credentials as actions
from datastores.actions.trying import check_login
from datastores.engines.trial import LoginFailure
from datastores.forms.credentials import USE_SUPER_ADMIN, ImportForm, LoginForm, RepairForm
from datastores.logins import Rights
from datastores.models import Credential, DataStore
from datastores.presentation.tenancy import badge_of, dependents_of
from datastores.uses import Question
from datastores.views.databases import tab_url
from datastores.views.shared import page_context, store_of


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("credential:edit")
def import_credentials(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """The two choices of Import Credentials; a login is tried before it is kept."""
    store, database = _store(request, pk)
    form = ImportForm(request.POST or None, member=request.member, initial={"use": "created", **_wanted(request)})
    if request.method == "POST" and form.is_valid():
        try:
            made = _import(request, store, database, form.cleaned_data)
        except actions.NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        except LoginFailure as failure:
            form.add_error(None, f"{failure.sentence} {failure.remedy}".strip())
        except Refusal as refusal:
            form.add_error(None, f"{refusal.sentence} {refusal.remedy}".strip())
        else:
            messages.success(request, f"“{made}” is imported: the login works.")
            return redirect(tab_url(store, database))
    return _form_page(request, store, database, form, "datastores/store/credential_import.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("credential:edit")
def create_login(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a login with least privilege, and keep it."""
    store, database = _store(request, pk)
    form = LoginForm(request.POST or None, member=request.member, store=store, initial=_wanted(request))
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data, rights=Rights(form.cleaned_data["rights"]))
        try:
            made = actions.create_login(actor=request.actor, store=store, database=database, **facts)
        except actions.NameTaken as refusal:
            form.add_error("name", f"{refusal.sentence} {refusal.remedy}")
        except Refusal as refusal:
            form.add_error(None, f"{refusal.sentence} {refusal.remedy}".strip())
        else:
            messages.success(request, f"The login {made.username} is made and kept as “{made}”.")
            return redirect(tab_url(store, database))
    return _form_page(request, store, database, form, "datastores/store/credential_login.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("credential:edit")
def delete(request: AuthedRequest, pk: uuid.UUID, credential: uuid.UUID) -> HttpResponse:
    """Show what uses a credential's login; forget the credential when asked again."""
    kept = _credential(request, pk, credential)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            actions.delete_credential(
                actor=request.actor, credential=kept, drop_login=request.POST.get("drop_login") == "on"
            )
        except Refusal as caught:
            refusal = caught
        else:
            messages.success(request, f"“{kept.name}” is deleted. Connections that use its login go on working.")
            return redirect(tab_url(kept.store, kept.database))
    context = _context(request, kept) | {
        "dependents": dependents_of(Question(kept.store, username=kept.username)),
        "refusal": refusal,
        "may_drop": kept.kind == Credential.Kind.MADE,
    }
    return render(request, "datastores/store/credential_delete.html", context, status=422 if refusal else 200)


@require_POST
@permission_required("credential:view")
def check(request: AuthedRequest, pk: uuid.UUID, credential: uuid.UUID) -> HttpResponse:
    """Try the login now."""
    kept = _credential(request, pk, credential, "credential:view")
    check_login(kept)
    works = kept.state == Credential.State.WORKS
    sentence = f"“{kept}” works." if works else f"“{kept}”: {kept.state_sentence or kept.get_state_display()}"
    messages.add_message(request, messages.SUCCESS if works else messages.WARNING, sentence)
    return redirect(tab_url(kept.store, kept.database))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required("credential:edit")
def repair(request: AuthedRequest, pk: uuid.UUID, credential: uuid.UUID) -> HttpResponse:
    """Take a login's new password, or make a login of the platform's anew."""
    kept = _credential(request, pk, credential)
    asks = kept.kind == Credential.Kind.CREATED
    form = RepairForm(request.POST if asks and request.method == "POST" else None)
    refusal: Refusal | LoginFailure | None = None
    if request.method == "POST" and (not asks or form.is_valid()):
        try:
            if asks:
                actions.repair_password(actor=request.actor, credential=kept, password=form.cleaned_data["password"])
            else:
                actions.repair_login(actor=request.actor, credential=kept)
        except (Refusal, LoginFailure) as caught:
            refusal = caught
        else:
            messages.success(request, f"“{kept}” works again.")
            return redirect(tab_url(kept.store, kept.database))
    failed = refusal is not None or form.is_bound
    context = _context(request, kept) | {"form": form if asks else None, "refusal": refusal, "badge": badge_of(kept)}
    return render(request, "datastores/store/credential_repair.html", context, status=422 if failed else 200)


def _import(request: AuthedRequest, store: DataStore, database: str, facts: dict[str, Any]) -> Credential:
    named: dict[str, Any] = {"name": facts["name"], "environment": facts["environment"]}
    if facts["use"] == USE_SUPER_ADMIN:
        return actions.import_super_admin(actor=request.actor, store=store, database=database, **named)
    login: dict[str, Any] = {"username": facts["username"], "password": facts["password"]}
    return actions.import_created(actor=request.actor, store=store, database=database, **named, **login)


def _store(request: AuthedRequest, pk: uuid.UUID) -> tuple[DataStore, str]:
    """Return the store and the database that the address names, the default one without a name."""
    store = store_of(request, pk, "credential:edit")
    return store, request.GET.get("database") or store.default_database


def _wanted(request: AuthedRequest) -> dict[str, str]:
    """Return the environment that a link asks for."""
    return {"environment": request.GET.get("environment", "")}


def _credential(
    request: AuthedRequest, pk: uuid.UUID, credential: uuid.UUID, permission: str = "credential:edit"
) -> Credential:
    store = store_of(request, pk, permission)
    kept = get_object_or_404(
        Credential.objects.for_member(request.member, permission).select_related("environment"),
        pk=credential,
        store=store,
    )
    kept.store = store
    return kept


def _context(request: AuthedRequest, kept: Credential) -> dict[str, Any]:
    return page_context(request, kept.store, "store-databases", busy=False) | {
        "credential": kept,
        "back_url": tab_url(kept.store, kept.database),
    }


def _form_page(
    request: AuthedRequest, store: DataStore, database: str, form: forms.Form, template: str
) -> HttpResponse:
    context = page_context(request, store, "store-databases", busy=False) | {
        "form": form,
        "database": database,
        "query": urlencode({"database": database}),
        "back_url": tab_url(store, database),
        "import_url": reverse("store-credential-import", args=[store.pk]),
    }
    return render(request, template, context, status=422 if form.is_bound else 200)
