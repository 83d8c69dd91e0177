"""Who did what, when, from where: the organization's audit trail."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.access import permission_required
from console.forms.activity import ActivityFilter
from console.models import AuditEvent
from console.requests import AuthedRequest
from console.trail_export import as_csv, as_json

PAGE = 50
LAST_PAGE = 200  # further back, a filter finds it sooner


def page_number(text: str) -> int:
    """Return the page that a query asks for, within bounds; anything unreadable is the first."""
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 1


FORMATS = {"csv": (as_csv, "text/csv"), "json": (as_json, "application/json")}
MOST_EXPORTED = 50_000


@require_safe
@never_cache
@permission_required("activity:view")
def export(request: AuthedRequest, form: str) -> HttpResponseBase:
    """Download what the filter leaves, newest first, row by row; narrower filters reach further back than 50,000."""
    if form not in FORMATS:
        raise Http404
    write, kind = FORMATS[form]
    found = ActivityFilter(request.GET).apply(_mine(request))[:MOST_EXPORTED]
    name = f"activity-{request.member.organization.handle}.{form}"
    return StreamingHttpResponse(
        write(found.iterator(chunk_size=1000)),
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _mine(request: AuthedRequest) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(organization_id=request.member.organization_id)


@require_safe
@permission_required("activity:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List events, newest first. One row more than a page tells whether there are older ones."""
    chosen = ActivityFilter(request.GET)
    number = page_number(request.GET.get("page", ""))
    events = chosen.apply(_mine(request))
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
