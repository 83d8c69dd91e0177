"""Whether the console can do its work: for load balancers and for `up`."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError


def database_answers() -> None:
    """Ask the console's database for one row; raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def broker_answers() -> None:
    """Ask the broker for a key; raises RedisError or OSError."""
    cache.get("healthz")


CHECKS: dict[str, Callable[[], None]] = {"database": database_answers, "broker": broker_answers}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while every check passes, else 503. Says which failed, not why: the page is public."""
    checks: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            check()
            checks[name] = "ok"
        except (DatabaseError, RedisError, OSError):
            checks[name] = "failed"
    well = all(state == "ok" for state in checks.values())
    return JsonResponse({"status": "ok" if well else "failed", "checks": checks}, status=200 if well else 503)
