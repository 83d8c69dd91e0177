"""The delivery endpoint: a deployment's token fetches a connection's values, without a session."""

from __future__ import annotations

import json
import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.errors import Refusal
from console.middleware import client_address
from marketplace.actions import delivery as actions
from marketplace.limits import MOST_FAILURES, MOST_PER_TOKEN, SECONDS, over
from marketplace.models import DeliveryToken
from marketplace.names import env_file

BEARER = "bearer "


@require_safe
@never_cache
def deliver(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer the values as ``.env``, or as JSON where that is asked for; ``format=ca`` answers the CA certificate.

    A token that is unknown, revoked or another connection's is a 401 alike, so that nothing can be found out.
    """
    address = client_address(request)
    token = _token(request, pk)
    if token is None:
        if over(f"address:{address}", MOST_FAILURES):
            return _refused(429, "Too many failed attempts from this address. Wait a minute.")
        return _refused(401, "The token is missing, unknown or revoked.")
    if over(f"token:{token.pk}", MOST_PER_TOKEN):
        return _refused(429, f"More than {MOST_PER_TOKEN} requests a minute with this token. Wait a minute.")
    try:
        found = actions.deliver(token=token, address=address)
    except Refusal as refusal:
        return _refused(410, refusal.sentence)
    return _answer(request, found)


def _token(request: HttpRequest, pk: uuid.UUID) -> DeliveryToken | None:
    header = request.headers.get("Authorization", "")
    if header[: len(BEARER)].lower() != BEARER:
        return None
    known = DeliveryToken.objects.filter(token_hash=DeliveryToken.hash(header[len(BEARER) :].strip()))
    valid = known.filter(revoked_at=None, binding_id=pk)
    return valid.select_related(
        "binding__connection__organization", "binding__environment", "binding__store__region__site",
        "binding__store__slot",
    ).first()  # fmt: skip


def _answer(request: HttpRequest, found: actions.Delivery) -> HttpResponse:
    wanted = request.GET.get("format") or ("json" if "application/json" in request.headers.get("Accept", "") else "env")
    if wanted == "json":
        return JsonResponse({**found.variables, "uri": found.uri, "ca": found.ca})
    if wanted == "ca":
        return HttpResponse(found.ca, content_type="application/x-pem-file")
    return HttpResponse(env_file(found.variables), content_type="text/plain; charset=utf-8")


def _refused(status: int, sentence: str) -> HttpResponse:
    answer = HttpResponse(json.dumps({"error": sentence}) + "\n", status=status, content_type="application/json")
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="Headwater"'
    if status == 429:
        answer["Retry-After"] = str(SECONDS)
    return answer
