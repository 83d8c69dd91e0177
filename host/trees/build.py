"""Builds one engine tree in its final place: unpack, patch, record, try."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from .apt import Package
from .catalogue import TreeSpec
from .errors import TreeError
from .failures import NOTHING_CHANGED, explain
from .manifest import Manifest, PackageRecord, hash_file, hash_tree
from .patch import patch_tree
from .verify import try_build

# Documentation and translations of messages: a third of PostgreSQL's tree, read by nobody there.
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug")


def build_tree(build: Path, spec: TreeSpec, files: Sequence[Path], now: datetime) -> None:
    """Make the tree from .deb files. Raises TreeError and leaves nothing when it does not work."""
    build.mkdir(mode=0o755, parents=True)
    try:
        unpack(files, build)
        patch_tree(build)
        _prove(build, spec)
        packages = tuple(record(file) for file in files)
        Manifest(spec.name, spec.suite, now, packages, hash_tree(build)).write(build)
    except BaseException:
        shutil.rmtree(build, ignore_errors=True)
        raise


def _prove(build: Path, spec: TreeSpec) -> None:
    problems = try_build(build, spec)
    if problems:
        raise TreeError(
            f"The new engine tree {spec.name} does not work: {problems[0]} {NOTHING_CHANGED}",
            "Try again later: a package of the distribution may be broken. Report it if it stays so.",
        )


def unpack(files: Sequence[Path], build: Path) -> None:
    """Unpack every package into the tree; several at once, as decompressing takes most of the time."""

    # dpkg-deb's own temporary files then go with the downloads, also where it is killed.
    environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(files[0].parent)}

    def one(file: Path) -> None:
        command = ["dpkg-deb", "-x", str(file), str(build)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            raise explain("dpkg-deb", done.stderr)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, files))
    for directory in UNUSED:
        shutil.rmtree(build / directory, ignore_errors=True)


def record(file: Path) -> PackageRecord:
    """What the manifest says about a downloaded package."""
    name, version, _ = file.name.split("_", 2)
    return PackageRecord(name, version.replace("%3a", ":"), hash_file(file))


def file_of(package: Package, directory: Path) -> Path:
    """The file that apt downloads a package into."""
    version = package.version.replace(":", "%3a")
    return directory / f"{package.name}_{version}_{package.architecture}.deb"
