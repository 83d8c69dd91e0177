"""Which log files an archive holds, in a folder or in a bucket, and which of a lost node's it does not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from datastores.sites.local.postgresql.archive.pgbackrest import STANZA, names
from datastores.sites.local.postgresql.archive.repository import is_in_bucket
from datastores.sites.local.postgresql.archive.segments import PER_LOG, first_missing, number_of, part_of_name

NAME_LENGTH: Final = 24  # of a log file's name; in the archive a dash and a checksum follow
TOP: Final = f"archive/{STANZA}"


def is_broken(file: Path, seen: int, last: int) -> bool:
    """Say whether a file between the last one seen and the last one that the server handed over is not there.

    A server that had to give up log, because too much of it waited, believes that it was archived. A bucket is asked
    only for what is new: each question costs a request. Raises ArchiverError where it can't be asked.
    """
    if seen > last or (seen == last and is_in_bucket(file)):
        return False
    return first_missing(_numbers(file, seen, last), seen, last) is not None


def salvage(lost: Path, restored: Path, file: Path) -> int:
    """Copy the log files of ``lost`` that the archive does not have to ``restored``; return how many. Raises ArchiverError."""
    there = {name[:NAME_LENGTH] for folder in _folders(file) for name in names(file, folder) if _is_log(name)}
    copied = 0
    for left in sorted(lost.glob("[0-9A-F]*")):
        if len(left.name) == NAME_LENGTH and number_of(left.name) is not None and left.name not in there:
            shutil.copyfile(left, restored / left.name)
            copied += 1
    return copied


def _numbers(file: Path, first: int, last: int) -> set[int]:
    """Return the numbers of the archive's log files, whatever their timeline, at least those between two.

    256 of them lie in a folder whose name says which, so that a long history costs nothing.
    """
    wanted = {part_of_name(log * PER_LOG)[:8] for log in range(first // PER_LOG, last // PER_LOG + 1)}
    listed = (names(file, folder) for folder in _folders(file) if folder[-8:] in wanted)
    found = (number_of(name) for some in listed for name in some if _is_log(name))
    return {number for number in found if number is not None}


def _folders(file: Path) -> Iterator[str]:
    """Return the archive's folders of log files, such as ``archive/store/17-1/0000000100000000``."""
    for version in names(file, TOP):
        if "." not in version:  # archive.info and its copy
            yield from (f"{TOP}/{version}/{name}" for name in names(file, f"{TOP}/{version}") if "." not in name)


def _is_log(name: str) -> bool:
    return name[NAME_LENGTH : NAME_LENGTH + 1] == "-"
