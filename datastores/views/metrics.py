"""What Prometheus reads, for a holder of the token and for operators."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from console import second_factor
from datastores.presentation.metrics import exposition


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in the text format; 401 to everybody else, since names of data stores are nobody's business."""
    if not (_has_token(request) or _is_operator(request)):
        return HttpResponse("A token is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    return kind == "Bearer" and bool(expected) and constant_time_compare(token.strip(), expected)


def _is_operator(request: HttpRequest) -> bool:
    proven = not settings.OPERATORS_NEED_SECOND_FACTOR or second_factor.is_proven(request)
    return admin.site.has_permission(request) and proven
