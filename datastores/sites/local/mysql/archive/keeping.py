"""Where a node's archive is: written down beside its configuration, where its server can't read it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.conf import settings

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.archive.restic import ADDRESS_FILE, KEY_FILE, Repository
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.binlogs.folder import Folder
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive.segments import KIND, segments

DIRECTORY: Final = "archive"  # of a node that archives
RESTORE_DIRECTORY: Final = "restore"  # of a node that is being restored, from another store's archive perhaps


def repository_of(place: Place) -> Repository:
    """Return the repository of a node's store. Raises ArchiverError."""
    repository = Repository(place.directory / DIRECTORY)
    if not repository.known():
        raise ArchiverError("The node does not know its archive yet.")
    return repository


def folder_of(place: Place) -> Folder:
    """Return the log of a node's store: archived, or with a bucket on its way there. Raises ArchiverError."""
    repository = repository_of(place)
    address, key = ((repository.directory / name).read_text().strip() for name in (ADDRESS_FILE, KEY_FILE))
    return Folder(settings.HOME.archive / Path(address).name if repository.in_bucket() else Path(address), key)


def folder_in(vault: Vault) -> Folder:
    """Return the log of a vault: archived, or with a bucket on its way there."""
    return Folder(vault.directory, vault.key)


def next_log(place: Place) -> int:
    """Return the number of the log's next file. Raises ArchiverError."""
    numbers = folder_of(place).numbers()
    if not numbers and repository_of(place).in_bucket():  # the folder is gone: the bucket knows
        numbers = [each.last for each in segments(repository_of(place).snapshots(kind=KIND))]
    return max(numbers, default=0) + 1
