"""Changes of the primary and who watches the nodes, in the admin site: facts to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from console.operators import ReadOnlyAdmin
from datastores.admin.stores import SECRETS
from datastores.models import Failover, MonitorLease


@admin.register(Failover)
class FailoverAdmin(ReadOnlyAdmin):
    """Every failover, switchover and drill with what was measured; an empty figure was not measured."""

    list_display = (
        *("store", "kind", "began_at", "succeeded", "lossless", "old_primary", "new_primary", "outage_ms"),
        *("rows_acknowledged", "rows_lost", "redundancy_ms", "cause"),
    )
    list_filter = ("kind", "succeeded", "lossless", "store__engine")
    search_fields = ("id__exact", "store__name", "store__organization__name", "cause")
    date_hierarchy = "began_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name the store in the same query, without its secrets."""
        found = super().get_queryset(request).select_related("store", "operation")
        return found.defer(*(f"store__{name}" for name in SECRETS))


@admin.register(MonitorLease)
class MonitorLeaseAdmin(ReadOnlyAdmin):
    """Which process watches the nodes of a site, and until when it has to renew that."""

    list_display = ("site_kind", "process", "taken_at", "until", "holder")
