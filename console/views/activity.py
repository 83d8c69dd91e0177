"""Who did what, when, from where: the organization's audit trail."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.access import permission_required
from console.forms.activity import ActivityFilter
from console.models import AuditEvent
from console.requests import AuthedRequest

PAGE = 50
LAST_PAGE = 200  # further back, a filter finds it sooner


def page_number(text: str) -> int:
    """Return the page that a query asks for, within bounds; anything unreadable is the first."""
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 1


@require_safe
@permission_required("activity:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List events, newest first. One row more than a page tells whether there are older ones."""
    chosen = ActivityFilter(request.GET)
    number = page_number(request.GET.get("page", ""))
    events = chosen.apply(AuditEvent.objects.filter(organization_id=request.member.organization_id))
    rows = list(events[(number - 1) * PAGE : number * PAGE + 1])
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": chosen,
        "events": rows[:PAGE],
        "number": number,
        "query": query.urlencode(),
        "newer": number - 1 if number > 1 else None,
        "older": number + 1 if len(rows) > PAGE and number < LAST_PAGE else None,
    }
    return render(request, "console/activity.html", context)
