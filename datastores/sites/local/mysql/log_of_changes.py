"""Reads the transactions that a stopped server has written out of its log of changes, without starting it.

Only the headers are read. Each file begins with the set of all transactions that earlier ones had, so the newest one
says everything. Formats: the public headers of MySQL's binary log, version 4, unchanged since MySQL 5.6.
"""

from __future__ import annotations

import mmap
import struct
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAGIC: Final = b"\xfebin"
HEADER: Final = struct.Struct("<IBIIIH")  # time, type, server, length, end, flags
GTID, PREVIOUS, TAGGED = 33, 35, 42
GTID_BODY: Final = struct.Struct("<B16sQ")  # flags, uuid, number
INDEX_FILE: Final = "binlog.index"


class Unreadable(Exception):  # noqa: N818 - what a file says, not a programming error
    """The log can't be read, or not in time."""


def written(data: Path, *, seconds: float) -> str:
    """Return every transaction whose beginning is in the log, as a set. Raises Unreadable, also after ``seconds``."""
    until = time.monotonic() + seconds
    names = _names(data)
    later: list[str] = []
    for name in reversed(names):
        before, here = _transactions(data / name, until)
        later += here
        if before is not None:
            return ",".join([part for part in (before, *dict.fromkeys(later)) if part])
    raise Unreadable("No file of the log says what was before it.")


def _names(data: Path) -> list[str]:
    try:
        lines = (data / INDEX_FILE).read_text().splitlines()
    except OSError as error:
        raise Unreadable(INDEX_FILE) from error
    return [Path(line).name for line in lines if line]


def _transactions(file: Path, until: float) -> tuple[str | None, list[str]]:
    """Return the set before a file, None where the server ended before it wrote that; and what the file has."""
    before: str | None = None
    numbers: dict[bytes, list[int]] = {}
    for kind, body in _events(file, until):
        if kind == PREVIOUS:
            before = _previous(body)
        elif kind == GTID:
            _, source, number = GTID_BODY.unpack_from(body)
            numbers.setdefault(source, []).append(number)
        else:
            raise Unreadable("A transaction has a name of a newer kind.")
    return before, [f"{uuid.UUID(bytes=source)}:{_intervals(found)}" for source, found in numbers.items()]


def _events(file: Path, until: float) -> Iterator[tuple[int, bytes]]:
    """Yield the events that name transactions. A torn end is where the file ends."""
    try:
        size = file.stat().st_size
        if size < len(MAGIC) + HEADER.size:
            return
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at, looks = len(MAGIC), 0
            while at + HEADER.size <= size:
                _, kind, _, length, _, _ = HEADER.unpack_from(content, at)
                if length < HEADER.size:
                    return
                if kind in {GTID, PREVIOUS, TAGGED} and at + length <= size:
                    yield kind, content[at + HEADER.size : at + length]
                at, looks = at + length, looks + 1
                if looks % 10_000 == 0 and time.monotonic() > until:
                    raise Unreadable("The log is too long to be read now.")
    except OSError as error:
        raise Unreadable(file.name) from error


def _previous(body: bytes) -> str:
    (sources,) = struct.unpack_from("<Q", body)
    if sources >> 48:
        raise Unreadable("Transactions have names of a newer kind.")
    at, parts = 8, []
    for _ in range(sources):
        source, intervals = struct.unpack_from("<16sQ", body, at)
        at += 24
        bounds = []
        for _ in range(intervals):
            first, end = struct.unpack_from("<QQ", body, at)
            at += 16
            bounds.append(f"{first}-{end - 1}")
        parts.append(f"{uuid.UUID(bytes=source)}:{':'.join(bounds)}")
    return ",".join(parts)


def _intervals(numbers: list[int]) -> str:
    """Return sorted numbers as intervals, so that a long log makes a short set."""
    bounds: list[list[int]] = []
    for number in sorted(numbers):
        if bounds and number <= bounds[-1][1] + 1:
            bounds[-1][1] = number
        else:
            bounds.append([number, number])
    return ":".join(f"{first}-{last}" for first, last in bounds)
