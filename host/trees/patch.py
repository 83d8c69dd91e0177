"""Makes a tree's programs use the tree's own loader and libraries instead of the machine's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .errors import TreeError
from .failures import NOTHING_CHANGED, explain

ELF = b"\x7fELF"
WITHOUT_INTERPRETER = "cannot find section '.interp'"  # a static program, or a library among the programs
PROGRAM_DIRECTORIES = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/libexec", "usr/lib/*/*/bin")


def patch_tree(build: Path) -> None:
    """Patch every program in its final place, for the paths are absolute. Raises TreeError."""
    libraries = _one(build, "usr/lib/*-linux-gnu*", "directory of libraries")
    loader = _one(libraries, "ld-linux*.so.*", "loader")
    patchelf = find_patchelf()

    def patch(program: Path) -> None:
        done = subprocess.run(
            [patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries, program],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0 and WITHOUT_INTERPRETER not in done.stderr:
            raise explain(f"patchelf on {program.name}", done.stderr)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(patch, programs(build)))


def programs(build: Path) -> Iterator[Path]:
    """Every ELF program of a tree, each once."""
    for pattern in PROGRAM_DIRECTORIES:
        for directory in build.glob(pattern):
            if directory.is_symlink():
                continue
            for path in sorted(directory.iterdir()):
                if path.is_file() and not path.is_symlink() and _starts_with(path, ELF):
                    yield path


def find_patchelf() -> str:
    """The patchelf that came with this Python environment, else one on the path. Raises TreeError."""
    beside = Path(sys.executable).with_name("patchelf")
    found = str(beside) if beside.is_file() else shutil.which("patchelf")
    if found is None:
        raise TreeError("The program patchelf is missing.", "Install Headwater's locked requirements again.")
    return found


def _starts_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start


def _one(directory: Path, pattern: str, what: str) -> Path:
    found = sorted(directory.glob(pattern))
    if not found:
        raise TreeError(f"The packages hold no {what}. {NOTHING_CHANGED}", "Try another mirror.")
    return found[0]
