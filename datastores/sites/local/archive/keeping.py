"""What becomes of the archive of a data store that was deleted: it is kept for some days, then erased."""

from __future__ import annotations

import logging
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from datastores.models import Archive, Backup, DataStore, EdgeSlot
from datastores.retention import DELETED_DAYS
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.errors import ArchiverError
from datastores.sites.local.archive.vault import vault_of
from datastores.sites.local.machine import Machine

log = logging.getLogger(__name__)
WORK_PREFIX = "erase-"


def retire_archive(parts: Machine, store: DataStore) -> datetime | None:
    """Keep the archive of a store that is being deleted, with the password to bring it back with; returns until when.

    An archive without a backup brings nothing back, so it is erased at once. May be called again.
    """
    archive = Archive.objects.filter(store=store).first()
    if archive is None:
        return None
    if not archive.backups.filter(state=Backup.State.COMPLETE).exists():
        _erase_or_keep(parts, archive)
        return None
    if archive.keep_until is None:
        archive.keep_until = timezone.now() + timedelta(days=DELETED_DAYS)
        archive.kept_password, archive.next_backup_at = store.admin_password, None
        slot = EdgeSlot.objects.filter(store=store).first()
        archive.kept_port = slot.port if slot else None
        archive.save(update_fields=["keep_until", "kept_password", "kept_port", "next_backup_at"])
    return archive.keep_until


def _erase_or_keep(parts: Machine, archive: Archive) -> None:
    """Erase it; one that can't be erased now is erased later, and does not hold up the deletion of its store."""
    try:
        erase(parts, archive)
    except (ArchiverError, OSError):
        log.exception("The archive %s could not be erased yet.", archive.name)
        archive.keep_until, archive.next_backup_at = timezone.now(), None
        archive.save(update_fields=["keep_until", "next_backup_at"])


def erase(parts: Machine, archive: Archive) -> None:
    """Delete an archive for good: its files, then its rows, and with them its key. Raises ArchiverError, OSError."""
    if archive.in_bucket:
        _erase_in_bucket(parts, archive)
    directory = parts.home.archive / archive.name
    if directory.exists():
        shutil.rmtree(directory)
    archive.delete()


def erase_old(parts: Machine, now: datetime | None = None) -> None:
    """Erase the archives whose time is over."""
    for archive in Archive.objects.filter(keep_until__lt=now or timezone.now(), store__state=DataStore.State.DELETED):
        try:
            erase(parts, archive)
            log.info("Erased the archive %s of a deleted data store.", archive.name)
        except (ArchiverError, OSError):
            log.exception("The archive %s could not be erased.", archive.name)


def _erase_in_bucket(parts: Machine, archive: Archive) -> None:
    archiver = archiver_of(archive.store)
    if archiver is None:
        raise ArchiverError("The program that could erase it is not installed.")
    with tempfile.TemporaryDirectory(dir=parts.home.scratch, prefix=WORK_PREFIX) as work:
        archiver.erase(vault_of(archive, parts.home), Path(work))
