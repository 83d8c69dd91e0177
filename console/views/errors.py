"""The pages for what was not found, not allowed or went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from console.permissions import TABLE, NotAllowed, Role, roles_with


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: say what the role lacks and which roles have it."""
    context: dict[str, object] = {}
    member = getattr(request, "member", None)
    if isinstance(exception, NotAllowed):
        context["needed"] = TABLE[exception.permission][1]
        context["roles"] = [role.label for role in roles_with(exception.permission)]
        context["own_role"] = Role(member.role).label if member else None
    return render(request, "403.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: also the answer for what belongs to another organization."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a page that asks neither the database nor the session for anything."""
    return HttpResponse(render_to_string("500.html"), status=500)
