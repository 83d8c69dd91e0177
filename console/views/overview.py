"""The front page: panels that the applications bring."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console import overview
from console.access import permission_required
from console.requests import AuthedRequest


@require_safe
@permission_required("organization:view")
def show(request: AuthedRequest) -> HttpResponse:
    """Show what there is to tell about the organization."""
    return render(request, "console/overview.html", {"panels": overview.panels(request)})
