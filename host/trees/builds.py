"""The builds of a tree on disk: which is in use, which can be used, which are left-overs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .apt import Progress
from .locate import CURRENT
from .manifest import Manifest, read_manifest

LOCK = ".lock"
WORK = ".work-"


@dataclass(frozen=True)
class Build:
    """A complete build of a tree."""

    path: Path
    manifest: Manifest


def new_build(engines: Path, tree: str, version: str, now: datetime) -> Path:
    """A directory name for a new build: the version, and the time because a version may be built again."""
    readable = re.sub(r"[^A-Za-z0-9.+~-]", "-", version.rpartition(":")[2])
    return engines / tree / f"{readable}.{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}"


def current_build(engines: Path, tree: str) -> Build | None:
    """The build in use, where it is complete."""
    try:
        path = (engines / tree / CURRENT).resolve(strict=True)
    except OSError:
        return None
    manifest = read_manifest(path)
    return Build(path, manifest) if manifest else None


def complete_builds(engines: Path, tree: str) -> list[Build]:
    """All complete builds, newest first."""
    found = [(path, read_manifest(path)) for path in _build_directories(engines, tree)]
    builds = [Build(path, manifest) for path, manifest in found if manifest]
    return sorted(builds, key=lambda build: build.manifest.built_at, reverse=True)


def switch(engines: Path, tree: str, build: Path) -> None:
    """Put a build in use, in one step; programs that run keep the build that they were started from."""
    link = engines / tree / f".{CURRENT}.{secrets.token_hex(4)}"
    link.symlink_to(build.name)
    link.replace(engines / tree / CURRENT)


def discard_broken(engines: Path, tree: str) -> list[Path]:
    """Delete what interrupted installations left. Call it under the lock."""
    for link in (engines / tree).glob(f".{CURRENT}.*"):
        link.unlink()
    current = (engines / tree / CURRENT).resolve()
    broken = [
        path
        for path in _build_directories(engines, tree)
        if path != current and read_manifest(path) is None and not in_use(path)
    ]
    for path in broken:
        shutil.rmtree(path, ignore_errors=True)
    return broken


def prune(engines: Path, tree: str) -> list[Path]:
    """Delete broken-off builds and all but the build in use and the one before; call it under the lock.

    A build that a running program was started from stays. Returns what was deleted.
    """
    deleted = discard_broken(engines, tree)
    current = (engines / tree / CURRENT).resolve()
    others = [build.path for build in complete_builds(engines, tree) if build.path != current]
    for path in others[1:]:
        if not in_use(path):
            shutil.rmtree(path)
            deleted.append(path)
    return deleted


def in_use(build: Path) -> bool:
    """Whether a program out of this build runs, as far as this user may see."""
    top = f"{build.resolve()}/"
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((entry / "exe").readlink()).startswith(top):
                return True
    return False


def prune_trees(engines: Path, trees: Iterable[str], progress: Progress) -> list[Path]:
    """Prune each of the trees; waits for an installation that runs. Returns what was deleted."""
    with installing(engines, progress):
        return [path for tree in trees for path in prune(engines, tree)]


@contextlib.contextmanager
def installing(engines: Path, progress: Progress) -> Iterator[Path]:
    """Be the only installer below this directory; yields an empty directory to work in, gone afterwards."""
    engines.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(engines / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another installation of engine trees to finish", None)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        for leftover in engines.glob(f"{WORK}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # Never the same name twice: a killed installer's apt may still write into its own directory.
        work = Path(tempfile.mkdtemp(prefix=WORK, dir=engines))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(descriptor)


def _build_directories(engines: Path, tree: str) -> list[Path]:
    directory = engines / tree
    if not directory.is_dir():
        return []
    resolved = directory.resolve()
    return [path for path in resolved.iterdir() if path.is_dir() and not path.is_symlink()]
