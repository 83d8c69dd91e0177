"""Revealing and copying secrets, written into the trail and never kept by a browser; the CA certificate."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.access import permission_required
from console.errors import Refusal
from console.requests import AuthedRequest
from datastores.actions import reveal_password
from datastores.models import DataStore
from datastores.presentation.connection import connection_of
from datastores.sites.registry import driver_of
from datastores.views.overview import FIELDS, field_page, overview_page
from datastores.views.shared import store_of

SNIPPET = "snippet-"  # what=snippet-python copies one snippet


@require_POST
@never_cache
@permission_required("store:reveal")
def reveal(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Show ``what`` (password, uri or snippets) with the password, or answer it as text for the clipboard."""
    store = store_of(request, pk, "store:reveal")
    what = request.GET.get("what", "password")
    if what not in FIELDS and not what.startswith(SNIPPET):
        raise Http404
    if request.POST.get("purpose") == "copy":
        return _copy(request, store, what)
    if what not in FIELDS or (what == "reader_uri" and what not in _texts(store, "")):
        raise Http404
    password = reveal_password(actor=request.actor, store=store, how="revealed")
    if request.htmx:
        return field_page(request, store, what, password=password)
    return overview_page(request, store, revealed=what, password=password)


@require_safe
@permission_required("store:connect")
def ca(request: AuthedRequest, pk: uuid.UUID) -> HttpResponse:
    """Download the certificate of the authority that signs the server's certificate."""
    store = store_of(request, pk, "store:connect")
    return HttpResponse(
        driver_of(store).ca_certificate(),
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="ca.pem"'},
    )


def _copy(request: AuthedRequest, store: DataStore, what: str) -> HttpResponse:
    """Answer one secret text; nothing is written down where there is no such text."""
    if connection_of(store) is None:
        raise Refusal("The data store has no address yet.", "Wait until it is created.")
    if what not in _texts(store, ""):
        raise Http404
    password = reveal_password(actor=request.actor, store=store, how="copied")
    return HttpResponse(_texts(store, password)[what], content_type="text/plain; charset=utf-8")


def _texts(store: DataStore, password: str) -> dict[str, str]:
    """Return every text that can be copied, with ``password`` in it."""
    connection = connection_of(store, password)
    if connection is None:
        return {}
    snippets = {f"{SNIPPET}{snippet.slug}": snippet.code for snippet in connection.snippets}
    readers = {"reader_uri": connection.readers.uri} if connection.readers else {}
    return {"password": password, "uri": connection.uri} | readers | snippets
