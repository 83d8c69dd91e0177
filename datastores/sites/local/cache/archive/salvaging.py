"""Saves what a lost node's disk still has and its archive does not: later commands, and its logins."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from datastores.sites.local.cache.archive import cut
from datastores.sites.local.cache.archive.manifest import DIRECTORY, MANIFEST, parse
from datastores.sites.local.cache.logins import LOGINS_FILE, SCOPES_FILE
from datastores.sites.local.cache.programs import program
from datastores.sites.local.engine import Place

COMPARED: Final = 2**16  # bytes before the end of the restored log that must be the same in the lost one


def salvage(lost: Path, place: Place, *, continues: bool = True) -> tuple[int, datetime | None]:
    """Return how many files were saved, and up to when everything is there, where the end of the last one is whole.

    ``lost`` is the old data directory. Commands can be taken over where they follow the same snapshot; ``continues``:
    whether the restored files are of the same node, since another one's may have the same names.
    """
    for name in (LOGINS_FILE, SCOPES_FILE):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(lost.parent / place.configuration.name / name, place.configuration / name)
    if not continues:
        return 0, None
    source, target = lost / DIRECTORY, place.data / DIRECTORY
    try:
        old, new = parse((source / MANIFEST).read_text()), parse((target / MANIFEST).read_text())
        longer = new.followed_by(old)
        if longer is None or not _continues(source / new.last, target / new.last):
            return 0, None
        names = [part.name for part in longer.parts if part.number >= new.parts[-1].number]
        for name in names:
            shutil.copy2(source / name, target / name)
    except (FileNotFoundError, ValueError):
        return 0, None
    (target / MANIFEST).write_text(longer.text())
    return len(names), _trimmed(target / names[-1])


def _continues(lost: Path, restored: Path) -> bool:
    """Whether the lost file is the restored one with more at its end."""
    size = restored.stat().st_size
    if lost.stat().st_size <= size:
        return False
    with lost.open("rb") as one, restored.open("rb") as other:
        one.seek(max(0, size - COMPARED))
        other.seek(max(0, size - COMPARED))
        return one.read(min(size, COMPARED)) == other.read()


def _trimmed(file: Path) -> datetime | None:
    """Trim to the last complete command; when the file was last written, where that removed nothing."""
    before = file.stat()
    cut.trim(str(program("valkey-check-aof")), file)
    return datetime.fromtimestamp(int(before.st_mtime), UTC) if file.stat().st_size == before.st_size else None
