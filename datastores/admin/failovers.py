"""Changes of the primary and who watches the nodes, in the admin site: facts to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from console.operators import ReadOnlyAdmin
from console.templatetags.ui import milliseconds
from datastores.admin.stores import SECRETS
from datastores.models import Failover, MonitorLease


@admin.register(Failover)
class FailoverAdmin(ReadOnlyAdmin):
    """Every failover, switchover and drill with what was measured."""

    list_display = (
        *("store", "kind", "began_at", "succeeded", "lossless", "old_primary", "new_primary", "outage"),
        *("rows_lost", "rows_acknowledged", "redundancy_back", "cause"),
    )
    list_filter = ("kind", "succeeded", "lossless", "store__engine")
    search_fields = ("id__exact", "store__name", "store__organization__name", "cause")
    date_hierarchy = "began_at"

    @admin.display(description="outage", ordering="outage_ms")
    def outage(self, row: Failover) -> str:
        """The longest gap between two acknowledged writes."""
        return milliseconds(row.outage_ms)

    @admin.display(description="redundancy back", ordering="redundancy_ms")
    def redundancy_back(self, row: Failover) -> str:
        """From the failure until the plan's node count was reached again."""
        return milliseconds(row.redundancy_ms)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name the store in the same query, without its secrets."""
        found = super().get_queryset(request).select_related("store", "operation")
        return found.defer(*(f"store__{name}" for name in SECRETS))


@admin.register(MonitorLease)
class MonitorLeaseAdmin(ReadOnlyAdmin):
    """Which process watches the nodes of a site, and until when it has to renew that."""

    list_display = ("site_kind", "process", "taken_at", "until", "holder")
