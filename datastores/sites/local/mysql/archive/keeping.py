"""Where a node's archive is: written down beside its configuration, where its server can't read it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.archive.restic import ADDRESS_FILE, KEY_FILE, Repository
from datastores.sites.local.archive.vault import Vault
from datastores.sites.local.binlogs.folder import Folder
from datastores.sites.local.engine import Place

DIRECTORY: Final = "archive"  # of a node that archives
RESTORE_DIRECTORY: Final = "restore"  # of a node that is being restored, from another store's archive perhaps


def repository_of(place: Place) -> Repository:
    """Return the repository of a node's store. Raises ArchiverError."""
    repository = Repository(place.directory / DIRECTORY)
    if not repository.known():
        raise ArchiverError("The node does not know its archive yet.")
    return repository


def folder_of(place: Place) -> Folder:
    """Return the archived log of a node's store. Raises ArchiverError."""
    directory = repository_of(place).directory
    return Folder(Path((directory / ADDRESS_FILE).read_text().strip()), (directory / KEY_FILE).read_text().strip())


def folder_in(vault: Vault) -> Folder:
    """Return the archived log of a vault."""
    return Folder(vault.directory, vault.key)
