"""Data stores, nodes and edge slots in the admin site: facts to look at, never a password."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.operators import ReadOnlyAdmin, ReadOnlyInline
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, EdgeSlot, Node

SECRETS = ("admin_password", "next_admin_password")
REPLICATION = ("counted", "following", "lag_bytes", "lag_seconds", "measured_at")

ASYNCHRONOUS = tuple(slug for slug, engine in ENGINES.items() if engine.asynchronous)
# Since when each store that runs, and whose engine gives the guarantee, goes without it.
SUSPENDED = Case(
    When(engine__in=ASYNCHRONOUS, then=Value(None)),
    When(state__in=(DataStore.State.RUNNING, DataStore.State.UNREACHABLE), then=F("guarantee_suspended_since")),
    default=Value(None),
    output_field=DateTimeField(),
)


class NodeInline(ReadOnlyInline):
    """The nodes of a store."""

    model = Node
    fields = ("number", "role", "state", "state_since", "port", *REPLICATION, "protection")


@admin.register(DataStore)
class DataStoreAdmin(ReadOnlyAdmin):
    """Every data store of the installation, those whose guarantee is suspended first. Encrypted columns are not even read."""

    list_display = (
        *("name", "organization", "engine", "state", "alone_since", "evidence"),
        *("plan", "region", "operations"),
    )
    list_filter = (
        *("state", ("guarantee_suspended_since", admin.EmptyFieldListFilter)),
        *("engine", "plan", "region__site", "region__cloud"),
    )
    list_select_related = ("organization", "plan", "region__cloud")
    search_fields = ("name", "id__exact", "organization__name", "organization__handle")
    fields = (
        "id",
        "name",
        "organization",
        "engine",
        "plan",
        "region",
        "state",
        "state_since",
        "evidence",
        "evidence_at",
        "guarantee_suspended_since",
        "monthly_drill",
        "admin_user",
        "default_database",
        "deletion_protection",
        "trial_ends_at",
        "operations",
        "created_by",
        "created_at",
        "deleted_at",
    )
    readonly_fields = ("operations",)
    inlines = (NodeInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the encrypted columns in the database."""
        return super().get_queryset(request).defer(*SECRETS)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put first whose acknowledged writes are on one node only, the longest time before the others."""
        return (SUSPENDED.asc(nulls_last=True), "name")

    @admin.display(description="primary alone since", ordering="guarantee_suspended_since")
    def alone_since(self, store: DataStore) -> datetime | None:
        """Since when writes are acknowledged by the primary alone, in a store that should do better."""
        return None if store.engine in ASYNCHRONOUS else store.guarantee_suspended_since

    @admin.display(description="operations")
    def operations(self, store: DataStore) -> SafeString:
        """A link to the store's operations."""
        address = reverse("admin:datastores_operation_changelist")
        return format_html('<a href="{}?store__id__exact={}">Operations</a>', address, store.pk)


@admin.register(Node)
class NodeAdmin(ReadOnlyAdmin):
    """Engine processes and what they do now."""

    list_display = ("store", "number", "role", "state", "state_since", "port", *REPLICATION, "protection")
    list_filter = ("state", "role", "counted", "following")
    search_fields = ("id__exact", "store__name", "store__organization__name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name the store in the same query, without its secrets."""
        return super().get_queryset(request).select_related("store").defer(*(f"store__{name}" for name in SECRETS))


@admin.register(EdgeSlot)
class EdgeSlotAdmin(ReadOnlyAdmin):
    """Stable ports and whose they are."""

    list_display = ("number", "port", "store", "server_port", "reader_of", "reader_ports", "released_at")
    list_filter = (("store", admin.EmptyFieldListFilter),)
    search_fields = ("port__exact", "store__name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name the store in the same query, without its secrets."""
        owners = ("store", "reader_of")
        secrets = (f"{owner}__{name}" for owner in owners for name in SECRETS)
        return super().get_queryset(request).select_related(*owners).defer(*secrets)
