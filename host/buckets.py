"""A bucket of an S3-compatible object store, as an operator's settings name it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

SETTING = "HEADWATER_ARCHIVE_"
ENDING = {"KEY": "the access key", "SECRET": "its secret", "BUCKET": "the bucket's name"}
# What AWS allows in a bucket's name, and other stores with it; it becomes a part of addresses and of files.
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
LINE = re.compile(r"[\x21-\x7e]+")  # one word: the value ends up in a file of lines


class BucketError(Exception):
    """The settings of the bucket can't be right; the sentence says which and holds no secret."""


@dataclass(frozen=True)
class Bucket:
    """Where it is and what opens it. ``prefix`` is the beginning of all names in it, without slashes at its ends."""

    endpoint: str  # https://host or https://host:port
    name: str
    region: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    prefix: str = ""
    ca_file: Path | None = None
    path_style: bool = False

    def path(self, name: str) -> str:
        """Return the whole name of ``name`` in the bucket, with a slash at its beginning."""
        return f"/{self.prefix}/{name}" if self.prefix else f"/{name}"


def read_bucket(environment: Mapping[str, str]) -> Bucket | None:
    """Read ``HEADWATER_ARCHIVE_…``; None where no endpoint is named. Raises BucketError."""
    said = {name.removeprefix(SETTING): value for name, value in environment.items() if name.startswith(SETTING)}
    if not said.get("ENDPOINT"):
        return None
    for name, what in ENDING.items():
        if not LINE.fullmatch(said.get(name, "")):
            raise BucketError(f"{SETTING}{name} must name {what}.")
    prefix, ca_file = said.get("PREFIX", "").strip("/"), said.get("CA_FILE", "")
    if not NAME.fullmatch(said["BUCKET"]):
        raise BucketError(f"{SETTING}BUCKET is no name of a bucket.")
    if prefix and not PREFIX.fullmatch(prefix):
        raise BucketError(f"{SETTING}PREFIX may hold letters, digits, dots, dashes and underscores, parted by slashes.")
    if ca_file and not Path(ca_file).is_file():
        raise BucketError(f"{SETTING}CA_FILE is no file that can be read.")
    return Bucket(
        endpoint=_endpoint(said["ENDPOINT"]),
        name=said["BUCKET"],
        region=_word(said.get("REGION") or "us-east-1", "REGION"),
        key=said["KEY"],
        secret=said["SECRET"],
        prefix=prefix,
        ca_file=Path(ca_file).absolute() if ca_file else None,
        path_style=said.get("PATH_STYLE", "").lower() in {"1", "true", "yes", "on"},
    )


def _endpoint(text: str) -> str:
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.path.strip("/") or parts.query:
        raise BucketError(f"{SETTING}ENDPOINT must be https://host or https://host:port; nothing is sent without TLS.")
    return f"https://{parts.netloc}"


def _word(text: str, name: str) -> str:
    if not LINE.fullmatch(text):
        raise BucketError(f"{SETTING}{name} must be one word.")
    return text
