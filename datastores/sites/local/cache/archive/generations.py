"""Holds on to a running cache's append-only files, so that they can be copied although the server replaces and deletes them.

A hard link costs nothing and keeps a file as long as it is needed. There is one directory per generation; of those that
are over at most one is held, so that a broken archive costs the disk no more than that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.cache.archive.manifest import DIRECTORY, HEAD_BYTES, MANIFEST, Manifest, created, parse
from datastores.sites.local.cache.logins import LOGINS_FILE, SCOPES_FILE
from datastores.sites.local.engine import Place
from host.files import write_private

WORK: Final = "archive"  # below the node's directory
HELD: Final = "held"
COPIED: Final = "copied"  # until a backup has ended
LOGINS: Final = "logins"  # the file of logins goes along: the data directory holds none
TRIES: Final = 5
MOST: Final = 3  # generations held while one of them is being copied


@dataclass(frozen=True)
class Generation:
    """A generation that is held. ``since``: the first whole second that it can bring back."""

    directory: Path
    manifest: Manifest
    since: int

    @property
    def size(self) -> int:
        """Return how long the file is that the server appends to."""
        return (self.directory / DIRECTORY / self.manifest.last).stat().st_size


def hold(place: Place) -> Generation:
    """Hold the files that the server uses now. Raises ArchiverError."""
    return _hold(place.data / DIRECTORY, place, place.directory / WORK / HELD)


def hold_for_backup(source: Place, primary: Place) -> Generation:
    """Hold a node's files for a backup, in a directory of its own at the primary, whose logins go along: what is held for the
    log is let go of when a node is configured, or when the log begins anew. Raises ArchiverError, or OSError where the two
    are on different disks."""
    return _hold(source.data / DIRECTORY, primary, primary.directory / WORK / COPIED / source.name)


def _hold(source: Path, place: Place, below: Path) -> Generation:
    for _ in range(TRIES):  # the server may replace them in between
        with contextlib.suppress(FileNotFoundError, ValueError):
            text = (source / MANIFEST).read_text()
            manifest = parse(text)
            since = created(_head(source / manifest.base)) + 1
            directory = below / f"{manifest.base}-{since}"
            _link(source, directory / DIRECTORY, manifest)
            if (source / MANIFEST).read_text() == text:
                _note(place, directory, manifest)
                return Generation(directory, manifest, since)
    raise ArchiverError("The append-only files could not be read.")


def over(place: Place, current: Generation) -> Generation | None:
    """Return the generation before the current one where it is still held, with everything that was written since then.

    Others are given up, and one that the current one does not continue without a gap.
    """
    others = [held for held in _held(place) if held.directory != current.directory]
    past = max(others, key=lambda held: held.since, default=None)
    longer = past.manifest.followed_by(current.manifest) if past else None
    if past and not (longer and _same_where_both_are(past, current)):
        past = longer = None
    for held in others:
        if past is None or held.directory != past.directory:
            release(held.directory)
    if past is None or longer is None:
        return None
    _link(current.directory / DIRECTORY, past.directory / DIRECTORY, longer)
    _note(place, past.directory, longer)
    return Generation(past.directory, longer, past.since)


def has_room(place: Place) -> bool:
    """Whether another generation may be held while older ones are being copied."""
    return sum(1 for _ in (place.directory / WORK / HELD).glob("*")) < MOST


def _same_where_both_are(one: Generation, other: Generation) -> bool:
    names = {part.name for part in one.manifest.parts} & {part.name for part in other.manifest.parts}
    return all((one.directory / DIRECTORY / name).samefile(other.directory / DIRECTORY / name) for name in names)


def release_all(place: Place) -> None:
    """Let go of everything that is held of a node."""
    shutil.rmtree(place.directory / WORK / HELD, ignore_errors=True)


def release(directory: Path) -> None:
    """Let go of a generation's files."""
    shutil.rmtree(directory, ignore_errors=True)


def _held(place: Place) -> list[Generation]:
    found = []
    for directory in (place.directory / WORK / HELD).glob("*"):
        try:
            manifest = parse((directory / DIRECTORY / MANIFEST).read_text())
            found.append(Generation(directory, manifest, int(directory.name.rpartition("-")[2])))
        except (FileNotFoundError, ValueError):  # it was never completed
            release(directory)
    return found


def _link(source: Path, target: Path, manifest: Manifest) -> None:
    """Link every file that is in the source; one of the same name that is another file is replaced."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in manifest.files:
        there = (target / name).exists()
        if there and (not (source / name).exists() or (target / name).samefile(source / name)):
            continue
        (target / name).unlink(missing_ok=True)
        os.link(source / name, target / name)


def _note(place: Place, directory: Path, manifest: Manifest) -> None:
    write_private(directory / DIRECTORY / MANIFEST, manifest.text())
    logins = directory / LOGINS
    logins.mkdir(mode=0o700, exist_ok=True)
    for name in (LOGINS_FILE, SCOPES_FILE):
        if (place.configuration / name).exists():
            write_private(logins / name, (place.configuration / name).read_text())


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
