"""What the rows of an archive come to: the facts behind alarms, pages and restores."""

from __future__ import annotations

from datetime import datetime

from datastores.alarms import NO_KEY, ArchiveFacts
from datastores.models import Archive, Backup, Proof


def facts_of(archive: Archive, *, free: float | None = None) -> ArchiveFacts:
    """Return what is known of a store's archive: three small queries. ``free`` is the share of its disk."""
    store = archive.store
    newest = archive.backups.filter(state__in=Backup.THERE).defer("manifest").first()
    complete = archive.backups.filter(state=Backup.State.COMPLETE).defer("manifest").first()
    proof = archive.proofs.filter(state=Proof.State.PASSED).first()
    return ArchiveFacts(
        since=max(store.state_since, archive.created_at),
        archived_until=archive.archived_until,
        backup_at=_at(complete),
        proof_at=_at(proof),
        newest_is_damaged=newest is not None and newest.state == Backup.State.DAMAGED,
        problem=archive.problem,
        key_missing=archive.problem == NO_KEY,
        unbroken_since=archive.unbroken_since,
        free=free,
    )


def _at(row: Backup | Proof | None) -> datetime | None:
    return row.finished_at if row else None
