"""Puts the configuration on disk: each file whole or not at all, private, and there after a power cut."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path


def write(files: Mapping[Path, str], *, durable: bool = True) -> list[Path]:
    """Make each file hold exactly its text, mode 0600, and return those that changed.

    `durable` waits for the disk. Without it the change survives the death of every process, not a power cut.
    """
    changed = [path for path, text in files.items() if not holds(path, text)]
    for directory in {path.parent for path in changed}:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in changed:
        _replace(path, files[path], durable=durable)
    if durable:
        for directory in {path.parent for path in changed}:
            _sync_directory(directory)
    return changed


def remove_others(directory: Path, keep: Mapping[Path, str]) -> list[Path]:
    """Remove files of slots that are no longer declared, and what an interrupted write left behind."""
    stale = [path for path in directory.glob("slot-*.*") if path not in keep]
    # A temporary file of the last minute may belong to a write that is under way in another process.
    newest = time.time() - 60
    for path in directory.glob(".*.*.*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < newest:
                stale.append(path)
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def holds(path: Path, text: str) -> bool:
    """Whether a file has exactly this text and is private."""
    try:
        return path.read_text() == text and path.stat().st_mode & 0o777 == 0o600
    except FileNotFoundError:
        return False


def _replace(path: Path, text: str, *, durable: bool) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(descriptor)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
