"""Keeping the rows of backups equal to what the archive itself lists."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.models import Archive, Backup, Operation
from datastores.sites.local.archive.contract import Stored


def follow_catalogue(archive: Archive, listed: Iterable[Stored], operation: Operation | None) -> Backup | None:
    """Give each backup that the archive lists a row, and mark those that it no longer lists as expired.

    Returns the newest. A backup that a proof found damaged stays damaged.
    """
    labels, newest = [], None
    for stored in listed:
        newest, _ = Backup.objects.get_or_create(
            archive=archive,
            label=stored.label,
            defaults={
                "operation": operation,
                "state": Backup.State.DAMAGED if stored.damaged else Backup.State.COMPLETE,
                "began_at": stored.began,
                "finished_at": stored.finished,
                "size_bytes": stored.size_bytes,
                "stored_bytes": stored.stored_bytes,
                "sentence": "Pages with wrong checksums were found in the data." if stored.damaged else "",
            },
        )
        labels.append(stored.label)
    archive.backups.filter(state__in=Backup.THERE).exclude(label__in=labels).update(state=Backup.State.EXPIRED)
    return newest
