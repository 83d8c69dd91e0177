"""Where a pgBackRest repository is: a folder of this machine, or names in a bucket. What the configuration file says of it."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Final

from datastores.sites.local.archive.vault import Vault
from host.buckets import Bucket
from host.files import write_private

CA_FILE: Final = "archive-ca.pem"
# Debian's own bundle: a program of an engine tree looks for it elsewhere.
PUBLIC_CAS: Final = Path("/etc/ssl/certs/ca-certificates.crt")
# For so long pgBackRest tries to reach a bucket, many times over: what a person or a server waits for gives up soon,
# what takes hours anyhow tries for its minute.
SOON: Final = 1
PATIENT: Final = 5
IMPATIENT: Final = ("info", "repo-ls", "stanza-create")


def repository_settings(vault: Vault, configuration: Path) -> dict[str, object]:
    """Return the settings that say where the repository is; a bucket's authority is copied to where a confined server can read it."""
    if vault.bucket is None:
        return {"repo1-path": vault.path}
    bucket = vault.bucket
    return {
        "repo1-type": "s3",
        "repo1-path": vault.path,
        "repo1-s3-endpoint": bucket.endpoint,
        "repo1-s3-bucket": bucket.name,
        "repo1-s3-region": bucket.region,
        "repo1-s3-uri-style": "path" if bucket.path_style else "host",
        "repo1-s3-key": bucket.key,
        "repo1-s3-key-secret": bucket.secret,
        **_authority(bucket, configuration),
    }


def patience(vault: Vault) -> dict[str, dict[str, object]]:
    """Return more sections of the file: how long which command tries to reach a bucket, in seconds."""
    if vault.bucket is None:
        return {}
    soon: dict[str, dict[str, object]] = {f"global:{name}": {"io-timeout": SOON} for name in IMPATIENT}
    return soon | {f"global:{name}": {"io-timeout": PATIENT} for name in ("archive-push", "archive-get")}


def is_in_bucket(file: Path) -> bool:
    """Say whether a configuration file leads to a bucket."""
    return _value(file, "repo1-type") == "s3"


def folder_of(file: Path) -> Path | None:
    """Return the folder that a configuration file leads to; None where there is no such file, or it leads to a bucket."""
    path = _value(file, "repo1-path")
    return Path(path) if path and not is_in_bucket(file) else None


def _authority(bucket: Bucket, configuration: Path) -> dict[str, object]:
    if bucket.ca_file is None:
        return {"repo1-storage-ca-file": PUBLIC_CAS} if PUBLIC_CAS.exists() else {}
    copy = configuration / CA_FILE
    write_private(copy, bucket.ca_file.read_text())
    return {"repo1-storage-ca-file": copy}


def _value(file: Path, name: str) -> str | None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(file)
    return parser.get("global", name, fallback=None)
