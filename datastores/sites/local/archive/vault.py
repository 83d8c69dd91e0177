"""Where one store's archive is, and what opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from datastores.models import Archive
from datastores.sites.local.archive.errors import ArchiverError
from host.buckets import Bucket
from host.paths import Home

NO_BUCKET = "The archive is in a bucket, and this installation's settings (HEADWATER_ARCHIVE_…) name none."


@dataclass(frozen=True)
class Vault:
    """A folder that holds one store's encrypted backups and log, and nothing else: here, or in a bucket."""

    directory: Path
    key: str = field(repr=False)  # the passphrase
    bucket: Bucket | None = None  # with one, ``directory`` is not where the archive is, only its name

    @property
    def path(self) -> str:
        """Return the beginning of all its names: a directory here, or a path in the bucket."""
        return self.bucket.path(self.directory.name) if self.bucket else str(self.directory)

    @property
    def url(self) -> str:
        """Return its address as restic writes it."""
        return f"s3:{self.bucket.endpoint}/{self.bucket.name}{self.path}" if self.bucket else self.path


def vault_of(archive: Archive, home: Home) -> Vault:
    """Return a store's vault. Raises EncryptionError where the key that its key is encrypted with is missing, and
    ArchiverError where it is in a bucket that the settings no longer name."""
    bucket = settings.ARCHIVE_BUCKET if archive.in_bucket else None
    if archive.in_bucket and bucket is None:
        raise ArchiverError(NO_BUCKET)
    return Vault(home.archive / archive.name, archive.key, bucket)


def vault_at(where: Path, key: str, home: Home) -> Vault:
    """Return the vault of a folder; of a name where there is no such folder, the vault of that name in the bucket."""
    bucket = settings.ARCHIVE_BUCKET
    return (
        Vault(where.absolute(), key)
        if where.exists() or bucket is None
        else Vault(home.archive / where.name, key, bucket)
    )
