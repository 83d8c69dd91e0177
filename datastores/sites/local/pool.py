"""The warm pool: initialised data directories that wait for an owner, so that Create costs a start only."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings

from datastores.sites.local.engine import LocalEngine
from host.files import sync

BUILDING, MOVING, ARRIVING = UNFINISHED = (".building-", ".moving-", ".arriving-")
LOCK = ".lock"
NICENESS = 15


def take(engine: LocalEngine, target: Path) -> bool:
    """Put an initialised data directory at ``target``: out of the pool, or made now where the pool is empty.

    Returns whether it came out of the pool. A data directory that exists is left alone.
    """
    if target.exists():
        return False
    _remove_unfinished(target.parent)
    for candidate in waiting(engine):
        if _move(candidate, target):
            return True
    _build(engine, target)
    return False


def waiting(engine: LocalEngine) -> list[Path]:
    """Return the directories that are ready, oldest first."""
    # Their names begin with the time at which they were made; what is unfinished begins with a dot.
    return sorted(_shelf(engine).glob("[0-9]*"))


def fill(engine: LocalEngine, size: int) -> int:
    """Make directories one by one until ``size`` are ready; returns how many were made.

    Runs at low priority. A second filler returns at once; what a killed one left is removed.
    """
    if size <= 0:
        return 0
    shelf = _shelf(engine)
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    (shelf / LOCK).touch(mode=0o600)
    with _locked(shelf / LOCK) as alone:
        if not alone:
            return 0
        _remove_unfinished(shelf)
        # Linux keeps priorities per thread, and the initialiser's processes inherit this one's.
        with ThreadPoolExecutor(max_workers=1, initializer=_lower_priority) as background:
            return background.submit(_build_up_to, engine, shelf, size).result()


def _shelf(engine: LocalEngine) -> Path:
    shelf: Path = settings.HOME.pool / f"{engine.slug}-{engine.version}"
    return shelf


def _build_up_to(engine: LocalEngine, shelf: Path, size: int) -> int:
    made = 0
    while len(waiting(engine)) < size:
        _build(engine, shelf / f"{time.time_ns()}-{uuid.uuid4().hex[:8]}")
        made += 1
    return made


def _build(engine: LocalEngine, target: Path) -> None:
    """Initialise beside the target and rename, so that the target is never half made."""
    building = target.with_name(f"{BUILDING}{uuid.uuid4()}")
    engine.initialise(building)
    building.rename(target)
    sync(target.parent)


def _move(candidate: Path, target: Path) -> bool:
    """Move a waiting directory to its owner; false where another taker was faster."""
    try:
        candidate.rename(target)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return _carry_over(candidate, target)
    sync(target.parent)
    return True


def _carry_over(candidate: Path, target: Path) -> bool:
    """Move across file systems: claim by renaming, copy, write to disk, and only then take the target's name.

    The lock tells a filler that the claimed directory is in use; a mover that dies loses it, and the
    claim is removed.
    """
    claimed = candidate.with_name(f"{MOVING}{candidate.name}")
    with _locked(candidate) as mine:
        if not mine:
            return False
        try:
            candidate.rename(claimed)
        except FileNotFoundError:
            return False
        arriving = target.with_name(f"{ARRIVING}{candidate.name}")
        shutil.copytree(claimed, arriving, symlinks=True)
        os.sync()
        arriving.rename(target)
        sync(target.parent)
        shutil.rmtree(claimed, ignore_errors=True)
    return True


def _remove_unfinished(directory: Path) -> None:
    """Delete what broken-off builds and moves have left, unless somebody works on it."""
    for path in (path for path in directory.iterdir() if path.name.startswith(UNFINISHED)):
        with _locked(path) as free:
            if free:
                # An initialiser that outlives its starter may still write here; the next call ends it.
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock of a file or a directory; yields false where another holds it or where it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _lower_priority() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
