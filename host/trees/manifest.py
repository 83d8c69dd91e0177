"""The manifest of an engine tree: what it is made of. Written last, so where it stands the tree is whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class PackageRecord:
    """One package in the tree; sha256 is that of its .deb file, which apt had verified."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`files` maps a path in the tree to the sha256 of its content after patching."""

    tree: str
    suite: str
    built_at: datetime
    packages: tuple[PackageRecord, ...]
    files: dict[str, str]

    def versions(self) -> dict[str, str]:
        """Package names and versions: two trees with the same are the same."""
        return {package.name: package.version for package in self.packages}

    def write(self, build: Path) -> None:
        """Declare the tree complete. The tree's files are on the disk before that."""
        content = {**asdict(self), "format": FORMAT, "built_at": self.built_at.isoformat()}
        beside = build / f".{FILE}"
        os.sync()
        with beside.open("w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(build / FILE)


def read_manifest(build: Path) -> Manifest | None:
    """The manifest of a build, or None where it is not complete."""
    try:
        content = json.loads((build / FILE).read_text())
        return Manifest(
            tree=content["tree"],
            suite=content["suite"],
            built_at=datetime.fromisoformat(content["built_at"]),
            packages=tuple(PackageRecord(**package) for package in content["packages"]),
            files=dict(content["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def hash_file(path: Path) -> str:
    """sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_tree(build: Path) -> dict[str, str]:
    """sha256 of every regular file in the tree besides the manifest; for a link, of where it points."""
    return dict(sorted(_hashes(build)))


def _hashes(build: Path) -> Iterator[tuple[str, str]]:
    for directory, subdirectories, names in os.walk(build):
        for name in [*names, *(sub for sub in subdirectories if Path(directory, sub).is_symlink())]:
            path = Path(directory, name)
            relative = str(path.relative_to(build))
            if path.is_symlink():
                yield relative, hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
            elif relative not in {FILE, f".{FILE}"}:
                yield relative, hash_file(path)
