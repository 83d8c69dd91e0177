"""What a directory takes of the disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

BLOCK_BYTES: Final = 512  # the unit of st_blocks, whatever the file system's own is


def used_bytes(directory: Path) -> int:
    """Return what the files below take on disk, in bytes. Files that vanish meanwhile count nothing.

    One system call per file, so that forty stores of 1,300 files each take a fraction of a second.
    """
    total, open_directories = 0, [str(directory)]
    while open_directories:
        with contextlib.suppress(FileNotFoundError), os.scandir(open_directories.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * BLOCK_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        open_directories.append(entry.path)
    return total
