"""The lists of databases and of vector databases."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.access import permission_required
from console.requests import AuthedRequest
from datastores import actions
from datastores.forms.filters import StoreFilter, in_order, order_of
from datastores.models import DataStore
from datastores.presentation.roles import refused
from datastores.presentation.rows import rows_of, with_row_facts
from datastores.presentation.sections import DATABASES, VECTOR_DATABASES, Section, in_section

PAGE = 50
COLUMNS = (
    ("name", "Name"),
    ("type", "Type"),
    ("plan", "Plan"),
    ("region", "Cloud and region"),
    ("state", "State"),
)


@dataclass(frozen=True)
class Column:
    """A heading that sorts: the address of the next order, and how the column is sorted now."""

    label: str
    order: str
    sorted: str  # "ascending", "descending" or ""


@require_safe
@never_cache
@permission_required("store:view")
def index(request: AuthedRequest) -> HttpResponse:
    """List the organization's databases."""
    return _listed(request, DATABASES)


@require_safe
@never_cache
@permission_required("store:view")
def vector_index(request: AuthedRequest) -> HttpResponse:
    """List the organization's vector databases."""
    return _listed(request, VECTOR_DATABASES)


def _listed(request: AuthedRequest, section: Section) -> HttpResponse:
    """Show a section's data stores: searched, filtered, sorted, 50 to a page."""
    member = request.member
    mine = in_section(DataStore.objects.for_member(member, "store:view"), section)
    chosen, order = StoreFilter(request.GET, types=section.engines()), order_of(request.GET.get("sort", ""))
    page = Paginator(in_order(chosen.apply(with_row_facts(mine)), order), PAGE).get_page(request.GET.get("page"))
    rows = rows_of(page.object_list, with_endpoints=member.can("store:connect"))
    return render(
        request,
        "datastores/list.html",
        {
            "form": chosen,
            "page": page,
            "rows": rows,
            "columns": [_column(slug, label, order) for slug, label in COLUMNS],
            "order": order,
            "moving": any(row.moving for row in rows),
            "shows_endpoints": member.can("store:connect"),
            "nothing_yet": not rows and not chosen.is_filtering,
            "create_why": refused(member, "store:create"),
            "crumbs": [(section.label, "")],
            "section": section,
            "gone": [store for store in actions.deleted_stores(member) if store.engine in section.engines()],
        },
    )


def _column(slug: str, label: str, order: str) -> Column:
    """Return a heading; the sorted column offers the other direction."""
    if order == slug:
        return Column(label, f"-{slug}", "ascending")
    return Column(label, slug, "descending" if order == f"-{slug}" else "")
