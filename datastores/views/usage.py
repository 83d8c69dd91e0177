"""Hours and costs of the organization's data stores, month by month, on a page and as CSV."""

from __future__ import annotations

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.access import permission_required
from console.models import Tier
from console.requests import AuthedRequest
from datastores.presentation.usage import UsageMonth, month_named, usage_of

COLUMNS = (
    "month", "data_store", "data_store_id", "type", "plan", "cloud", "region", "hours", "trial_hours", "cost_usd",
)  # fmt: skip


@require_safe
@never_cache
@permission_required("usage:view")
def index(request: AuthedRequest) -> HttpResponse:
    """Show one month."""
    month = _month(request)
    context = {
        "month": month,
        "width": len(month.days) * 20,
        "free": request.member.organization.tier == Tier.FREE,
        "query": f"month={month.begin:%Y-%m}",
    }
    return render(request, "datastores/usage.html", context)


@require_safe
@never_cache
@permission_required("usage:view")
def export(request: AuthedRequest) -> HttpResponse:
    """Download one month as CSV: the same figures as on the page."""
    month = _month(request)
    name = f"usage-{request.member.organization.handle}-{month.begin:%Y-%m}.csv"
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    writer = csv.writer(answer)
    writer.writerow(COLUMNS)
    for row in month.rows:
        region = row.store.region
        writer.writerow(
            [
                f"{month.begin:%Y-%m}",
                plain(row.store.name),
                row.store.pk,
                row.store.engine,
                row.plans,
                region.cloud.name,
                region.code,
                row.hours,
                row.trial_hours,
                row.cost,
            ]
        )
    return answer


def plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _month(request: AuthedRequest) -> UsageMonth:
    return usage_of(request.member.organization, month_named(request.GET.get("month", "")))
