"""What a cache's append-only files are: pure functions over the manifest that the server keeps, and over a snapshot's head.

The files of one *generation* are a snapshot (the base) and the commands since then, in one file or a few. When the log has
grown as large as the data the server writes a new snapshot, which begins the next generation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DIRECTORY: Final = "appendonlydir"  # below the data directory
MANIFEST: Final = "appendonly.aof.manifest"
HEAD_BYTES: Final = 512  # a snapshot tells in its first bytes when it was begun
CREATED: Final = re.compile(rb"\x05ctime(?:\xc2(?P<short>.{4})|(?P<length>[\x09-\x0b])(?P<digits>\d{9,11}))", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """One file of commands with its number; consecutive numbers follow each other without a gap."""

    name: str
    number: int


@dataclass(frozen=True)
class Manifest:
    """The files of a generation, in the order in which they are read."""

    base: str
    parts: tuple[Part, ...]

    @property
    def last(self) -> str:
        """Return the file that the server appends to."""
        return self.parts[-1].name

    @property
    def files(self) -> tuple[str, ...]:
        """Return every file's name."""
        return (self.base, *(part.name for part in self.parts))

    def text(self) -> str:
        """Return it as the server reads it."""
        lines = [f"file {self.base} seq {_number(self.base)} type b"]
        lines += [f"file {part.name} seq {part.number} type i" for part in self.parts]
        return "\n".join(lines) + "\n"

    def followed_by(self, other: Manifest) -> Manifest | None:
        """Return this generation with the later commands of another one; None where some in between are missing."""
        later = [part for part in other.parts if part.number > self.parts[-1].number]
        numbers = [part.number for part in (self.parts[-1], *later)]
        if numbers != list(range(numbers[0], other.parts[-1].number + 1)):
            return None
        return Manifest(self.base, (*self.parts, *later))


def parse(text: str) -> Manifest:
    """Read a manifest; history that the server is about to delete is left out. Raises ValueError."""
    base, parts = "", []
    for line in text.splitlines():
        words = line.split(" ")
        facts = dict(zip(words[::2], words[1::2], strict=False))
        if facts.get("type") == "b":
            base = facts["file"]
        elif facts.get("type") == "i":
            parts.append(Part(facts["file"], int(facts["seq"])))
    if not base or not parts:
        raise ValueError("the manifest of the append-only files is not complete")
    return Manifest(base, tuple(parts))


def created(head: bytes) -> int:
    """Return when a snapshot was begun, in seconds since 1970, from its first bytes. Raises ValueError."""
    found = CREATED.search(head)
    if found is None:
        raise ValueError("the snapshot does not tell when it was made")
    if found["short"] is not None:
        return int.from_bytes(found["short"], "little")
    return int(found["digits"][: found["length"][0]])


def _number(base: str) -> int:
    return int(base.split(".")[-3])
