"""Where one store's archive is, and what opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from datastores.models import Archive
from host.paths import Home


@dataclass(frozen=True)
class Vault:
    """A folder that holds one store's encrypted backups and log, and nothing else."""

    directory: Path
    key: str = field(repr=False)  # the passphrase


def vault_of(archive: Archive, home: Home) -> Vault:
    """Return a store's vault; raises EncryptionError where the key that its key is encrypted with is missing."""
    return Vault(home.archive / archive.name, archive.key)
