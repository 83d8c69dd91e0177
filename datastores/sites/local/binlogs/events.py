"""Reads a file of the binary log: what was before it, which transactions it has, when they were committed, what they touch.

Formats: the public event layouts of MySQL's binary log, version 4.
"""

from __future__ import annotations

import mmap
import re
import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from datastores.sites.local.binlogs.transactions import Transactions

MAGIC: Final = b"\xfebin"
HEADER: Final = struct.Struct("<IBIIIH")  # time, type, server, length, end, flags
GTID_BODY: Final = struct.Struct("<B16sQ")  # flags, uuid, number
QUERY, STOP, ROTATE, FORMAT, XID, TABLE, GTID, PREVIOUS, XA, PACKED, TAGGED = 2, 3, 4, 15, 16, 19, 33, 35, 38, 40, 42
TIMES_AT: Final = 42  # in a GTID event's body: flags, uuid, number, a type and two clocks come before
HAS_ORIGINAL: Final = 1 << 55  # in the time of the commit here: that of the first commit follows
CHECKSUM_BYTES: Final = 4
BEGINNING_BYTES: Final = 1024 * 1024  # has the sets of all that came before
FLAGS_AT: Final = 17
IN_USE: Final = 1  # of a file that was not closed; its checksum does not count it
QUERY_FIXED: Final = struct.Struct(
    "<IIBHH"
)  # thread, time, length of the schema's name, error, length of the variables
WORDS: Final = re.compile(r"[\w$]+")
EVERYTHING: Final = "*"  # touched by what can't be read


class BinlogError(Exception):
    """The file is no whole log; the sentence says so."""


@dataclass
class Scan:
    """What a file has. ``end`` is where its last whole transaction ends, or the last that was asked for."""

    end: int
    transactions: Transactions
    last_commit: int = 0  # microseconds since 1970
    cut: bool = False  # there are later ones than were asked for
    torn: bool = False  # it ends in the middle of something, or with something that is damaged
    touched: dict[str, str] = field(
        default_factory=dict
    )  # a table ("schema.name"), or a word of a DDL -> last transaction


@dataclass
class _Group:
    source: str
    number: int
    committed: int
    began: int
    kinds: list[int] = field(default_factory=list)
    closed: bool = False  # by its own last event
    explicit: bool = False  # it has a BEGIN, so that it ends with a commit


def previous(file: Path) -> Transactions:
    """Return the transactions that earlier files of this log had. Raises BinlogError, OSError."""
    with file.open("rb") as opened:
        content = opened.read(BEGINNING_BYTES)
        for kind, at, length in _events(content, len(MAGIC), len(content)):
            if kind == PREVIOUS:
                opened.seek(at)
                return parse_previous(opened.read(length)[HEADER.size :])
    raise BinlogError("The log file does not say what was before it.")


def parse_previous(body: bytes) -> Transactions:
    """Read the body of the event that says so."""
    (sources,) = struct.unpack_from("<Q", body)
    if sources >> 48:
        raise BinlogError("Transactions have names of a newer kind.")
    at, parts = 8, []
    for _ in range(sources):
        source, count = struct.unpack_from("<16sQ", body, at)
        at += 24
        for _ in range(count):
            first, end = struct.unpack_from("<QQ", body, at)
            at += 16
            parts.append(f"{uuid.UUID(bytes=source)}:{first}-{end - 1}")
    return Transactions.parse(",".join(parts))


def scan(file: Path, *, until: int | None = None, verify: bool = False) -> Scan:
    """Read a file up to the first transaction that was committed later than ``until`` (microseconds since 1970).

    With ``verify`` each event's checksum is looked at, and what is not right ends the file. Raises BinlogError, OSError.
    """
    if file.stat().st_size < len(MAGIC) + HEADER.size:
        raise BinlogError("The log file is empty.")
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[: len(MAGIC)] != MAGIC:
            raise BinlogError("The file is no log.")
        return _Reader(content, until, verify=verify).read()


class _Reader:
    """One pass over one file."""

    def __init__(self, content: mmap.mmap, until: int | None, *, verify: bool) -> None:
        self._content, self._until, self._verify = content, until, verify
        self._numbers: dict[str, list[int]] = {}
        self._found = Scan(len(MAGIC), Transactions({}))
        self._group: _Group | None = None
        self._checksums = True

    def read(self) -> Scan:
        size, at = len(self._content), len(MAGIC)
        for kind, start, length in _events(self._content, at, size):
            if not self._take(kind, start, length):
                break
            at = start + length
        else:
            self._found.torn = at != size
        self._close(at)
        self._found.transactions = Transactions.of(self._numbers)
        return self._found

    def _take(self, kind: int, start: int, length: int) -> bool:
        """Read an event; False where the file ends for us."""
        if self._verify and self._checksums and not self._is_right(start, length):
            self._found.torn = True
            return False
        body = start + HEADER.size
        if kind == FORMAT:
            self._checksums = self._content[start + length - CHECKSUM_BYTES - 1] == 1
        if kind == TAGGED:
            raise BinlogError("A transaction has a name of a newer kind.")
        if kind == GTID:
            self._close(start)
            self._group = self._begin(body, start, length)
            if self._until is not None and self._group.committed > self._until:
                self._group, self._found.cut = None, True
                return False
        elif kind in {ROTATE, STOP}:
            self._close(start)
        elif self._group is not None:
            self._follow(self._group, kind, body, start + length)
        elif kind in {FORMAT, PREVIOUS}:
            self._found.end = start + length
        return True

    def _begin(self, body: int, start: int, length: int) -> _Group:
        _, source, number = GTID_BODY.unpack_from(self._content, body)
        committed = 0
        if length - HEADER.size >= TIMES_AT + 7:
            at = body + TIMES_AT
            committed = int.from_bytes(self._content[at : at + 7], "little")
            if committed & HAS_ORIGINAL:
                committed = int.from_bytes(self._content[at + 7 : at + 14], "little")
        return _Group(str(uuid.UUID(bytes=source)), number, committed, start)

    def _follow(self, group: _Group, kind: int, body: int, end: int) -> None:
        first = not group.kinds
        group.kinds.append(kind)
        name = f"{group.source}:{group.number}"
        if kind == TABLE:
            self._found.touched[self._table(body)] = name
        elif kind == PACKED:
            self._found.touched[EVERYTHING] = name
            group.closed = True
        elif kind in {XID, XA}:
            group.closed = True
        elif kind == QUERY:
            self._statement(group, self._query(body, end), name, first=first)

    def _statement(self, group: _Group, text: str, name: str, *, first: bool) -> None:
        if first and (text == "BEGIN" or text.startswith("XA START")):
            group.explicit = True
        elif text in {"COMMIT", "ROLLBACK"}:
            group.closed = True
        else:
            group.closed = group.closed or not group.explicit
            self._found.touched.update(dict.fromkeys(WORDS.findall(text[:10_000]), name))

    def _close(self, at: int) -> None:
        """End the transaction that was open: it counts where it is whole."""
        group, self._group = self._group, None
        if group is None:
            return
        if not group.closed:
            self._found.torn = True
            return
        self._numbers.setdefault(group.source, []).append(group.number)
        self._found.last_commit = max(self._found.last_commit, group.committed)
        self._found.end = at

    def _table(self, body: int) -> str:
        at = body + 8
        length = self._content[at]
        schema = self._content[at + 1 : at + 1 + length]
        at += length + 2
        name = self._content[at + 1 : at + 1 + self._content[at]]
        return f"{schema.decode(errors='replace')}.{name.decode(errors='replace')}"

    def _query(self, body: int, end: int) -> str:
        _, _, schema, _, variables = QUERY_FIXED.unpack_from(self._content, body)
        at = body + QUERY_FIXED.size + variables + schema + 1
        tail = CHECKSUM_BYTES if self._checksums else 0
        return self._content[at : end - tail].decode(errors="replace")

    def _is_right(self, start: int, length: int) -> bool:
        end = start + length - CHECKSUM_BYTES
        covered = bytearray(self._content[start:end])
        if covered[4] == FORMAT:
            covered[FLAGS_AT] &= ~IN_USE
        return zlib.crc32(covered) == int.from_bytes(self._content[end : end + 4], "little")


def _events(content: bytes | mmap.mmap, at: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, place and length of each event that is there to its end."""
    while at + HEADER.size <= size:
        _, kind, _, length, _, _ = HEADER.unpack_from(content, at)
        if length < HEADER.size or at + length > size:
            return
        yield kind, at, length
        at += length
