"""What the rows of an archive come to: the facts behind alarms, pages and restores."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery

from datastores.alarms import NO_KEY, ArchiveFacts
from datastores.models import Archive, Backup, Proof


def facts_of(archive: Archive, *, free: float | None = None) -> ArchiveFacts:
    """Return what is known of a store's archive, by one query. ``free`` is the share of its disk."""
    backups, proofs = Backup.objects.filter(archive=OuterRef("pk")), Proof.objects.filter(archive=OuterRef("pk"))
    known = Archive.objects.filter(pk=archive.pk).values(
        newest=Subquery(backups.filter(state__in=Backup.THERE).values("state")[:1]),
        backup_at=Subquery(backups.filter(state=Backup.State.COMPLETE).values("finished_at")[:1]),
        proof_at=Subquery(proofs.filter(state=Proof.State.PASSED).values("finished_at")[:1]),
    )[0]
    return ArchiveFacts(
        since=max(archive.store.state_since, archive.created_at),
        archived_until=archive.archived_until,
        backup_at=known["backup_at"],
        proof_at=known["proof_at"],
        newest_is_damaged=known["newest"] == Backup.State.DAMAGED,
        problem=archive.problem,
        key_missing=archive.problem == NO_KEY,
        unbroken_since=archive.unbroken_since,
        free=free,
    )
