"""Archives, backups and what proved them, in the admin site: facts to look at, never a key."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from console.operators import ReadOnlyAdmin
from console.templatetags.ui import duration, size
from datastores.admin.stores import SECRETS
from datastores.models import Archive, Backup, Proof

KEYS = ("key", "kept_password")
# Neither secrets nor what is large; a list reads only what it shows.
UNREAD = (
    *(f"archive__{name}" for name in (*KEYS, "position", "alarms")),
    *(f"archive__store__{name}" for name in SECRETS),
)
STORE = ("archive__store__name", "archive__store__organization__name")


class OfArchive(ReadOnlyAdmin):
    """Rows that belong to an archive, with store and organization in the same query."""

    list_select_related: ClassVar[tuple[str, ...]] = ("archive__store__organization",)
    list_per_page = 50
    show_full_result_count = False  # counting every row that was ever written is what such a list would wait for
    search_fields = ("id__exact", *STORE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave secrets in the database."""
        return super().get_queryset(request).select_related(*self.list_select_related).defer(*UNREAD)

    @admin.display(description="data store", ordering="archive__store__name")
    def store(self, row: Backup | Proof) -> str:
        """Whose it is."""
        return str(row.archive.store)

    @admin.display(description="organization", ordering="archive__store__organization__name")
    def organization(self, row: Backup | Proof) -> str:
        """Whose the data store is."""
        return str(row.archive.store.organization)


@admin.register(Backup)
class BackupAdmin(OfArchive):
    """Every backup that was taken or tried, the newest first."""

    list_display = (
        *("store", "organization", "state", "began_at", "took", "of_data", "in_archive"),
        *("proved", "label", "sentence"),
    )
    list_filter = ("state", "began_at", "archive__store__engine")
    date_hierarchy = "began_at"
    fields = (
        *("id", "store", "organization", "state", "sentence", "label", "began_at", "finished_at"),
        *("took", "of_data", "in_archive", "proved", "operation"),
    )
    readonly_fields = ("store", "organization", "took", "of_data", "in_archive", "proved")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the manifests, with the proofs in one more query."""
        return super().get_queryset(request).defer("manifest", *UNREAD).prefetch_related("proofs")

    @admin.display(description="took")
    def took(self, row: Backup) -> str:
        """From begin to end."""
        return "" if row.seconds is None else duration(row.seconds)

    @admin.display(description="data", ordering="size_bytes")
    def of_data(self, row: Backup) -> str:
        """What was backed up."""
        return size(row.size_bytes)

    @admin.display(description="in the archive", ordering="stored_bytes")
    def in_archive(self, row: Backup) -> str:
        """What it added to the archive."""
        return size(row.stored_bytes)

    @admin.display(description="proved by a restore")
    def proved(self, row: Backup) -> str:
        """How the latest restore of it went; nothing before one was made."""
        proofs = sorted(row.proofs.all(), key=lambda proof: proof.finished_at)
        return Proof.State(proofs[-1].state).label if proofs else "not yet"


@admin.register(Proof)
class ProofAdmin(OfArchive):
    """Every restore that was made to see that it works, the newest first."""

    list_display = (
        *("store", "organization", "state", "finished_at", "recovered_to", "restored_in"),
        *("tables", "rows", "backup", "sentence"),
    )
    list_filter = ("state", "finished_at", "archive__store__engine")
    list_select_related = ("archive__store__organization", "backup")
    date_hierarchy = "finished_at"
    fields = (
        *("id", "store", "organization", "state", "sentence", "backup", "began_at", "finished_at"),
        *("recovered_to", "restored_in", "tables", "rows", "operation"),
    )
    readonly_fields = ("store", "organization", "restored_in")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the manifest of the backup that was restored."""
        return super().get_queryset(request).defer("backup__manifest", *UNREAD)

    @admin.display(description="restored in", ordering="restore_seconds")
    def restored_in(self, row: Proof) -> str:
        """Until the copy answered."""
        return "" if row.restore_seconds is None else duration(row.restore_seconds)


@admin.register(Archive)
class ArchiveAdmin(ReadOnlyAdmin):
    """How far each data store's archive reaches; those with a problem first. Keys are not even read."""

    list_display = (
        *("store", "archived_until", "log_arrived_at", "unbroken_since", "next_backup_at"),
        *("problem", "problem_since", "looked_at", "keep_until"),
    )
    list_filter = (
        *(("problem_since", admin.EmptyFieldListFilter), "archived_until"),
        *(("keep_until", admin.EmptyFieldListFilter), "store__engine"),
    )
    list_select_related = ("store",)
    list_per_page = 50
    search_fields = ("id__exact", "name__exact", "store__name", "store__organization__name")
    fields = ("store", "name", "daily_at", *list_display[1:], "created_at")
    ordering = ("problem_since", "store__name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave secrets in the database."""
        found = super().get_queryset(request).select_related("store")
        return found.defer(*KEYS, "position", "alarms", *(f"store__{name}" for name in SECRETS))
