"""Writes files in one step, private to their owner."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: str, mode: int = 0o600, *, durable: bool = False) -> bool:
    """Make `path` hold exactly `content` with these permissions, the old file or the new one at any moment.

    `durable`: also at a power failure, and when this returns it is the new one. That costs two writes to the disk,
    milliseconds each; without it, the disk may have either, or an empty file, for some seconds.
    Returns False where it did already, so that callers know whether anything changed.
    """
    try:
        if path.read_text() == content and path.stat().st_mode & 0o777 == mode:
            return False
    except FileNotFoundError:
        pass
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            if durable:
                os.fsync(descriptor)
        beside.replace(path)
        if durable:
            sync(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return True


def sync(path: Path) -> None:
    """Write a file, or a directory's entries, to disk, so that a change outlives a crash of the machine."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
