"""What restic must know of a bucket, beside its repository's address: files that only the owner can read, no secret elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from host.buckets import Bucket
from host.files import write_private

LOGIN_FILE, PLACE_FILE, CA_FILE = "login", "bucket", "ca.pem"
PROFILE: Final = "archive"


def keep(directory: Path, bucket: Bucket | None) -> None:
    """Write down what opens the bucket, whatever reads it at this moment; forget it where the repository is a folder."""
    if bucket is None or not bucket.ca_file:
        (directory / CA_FILE).unlink(missing_ok=True)
    if bucket is None:
        for name in (PLACE_FILE, LOGIN_FILE):
            (directory / name).unlink(missing_ok=True)
        return
    if bucket.ca_file:
        write_private(directory / CA_FILE, bucket.ca_file.read_text())
    login = f"[{PROFILE}]\naws_access_key_id = {bucket.key}\naws_secret_access_key = {bucket.secret}\n"
    write_private(directory / LOGIN_FILE, login)
    write_private(directory / PLACE_FILE, json.dumps({"region": bucket.region, "path_style": bucket.path_style}))


def known(directory: Path) -> bool:
    """Say whether the repository is in a bucket."""
    return (directory / PLACE_FILE).exists()


def environment(directory: Path) -> dict[str, str]:
    """Return more of restic's environment: the names of those files."""
    if not known(directory):
        return {}
    said = {
        "AWS_SHARED_CREDENTIALS_FILE": str(directory / LOGIN_FILE),
        "AWS_PROFILE": PROFILE,
        "AWS_DEFAULT_REGION": str(json.loads((directory / PLACE_FILE).read_text())["region"]),
    }
    return said | ({"RESTIC_CACERT": str(directory / CA_FILE)} if (directory / CA_FILE).exists() else {})


def options(directory: Path) -> list[str]:
    """Return more of restic's arguments."""
    if not known(directory):
        return []
    path_style = json.loads((directory / PLACE_FILE).read_text())["path_style"]
    return ["-o", f"s3.bucket-lookup={'path' if path_style else 'dns'}"]
