"""The archived log of one store: numbered sealed files, each of which says what came before it and what it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datastores.sites.local.binlogs import sealed
from datastores.sites.local.binlogs.transactions import NONE, Transactions

DIRECTORY: Final = "log"
FIRST_FILE: Final = "first"  # the number of the oldest file that was not removed on purpose
NAME: Final = re.compile(r"\d{10}")


@dataclass(frozen=True)
class Header:
    """before   every transaction of the log before this file
    has      the transactions in it
    lacks    such as earlier files have and the servers of this one do not: a failover lost them
    until    the mark at its end (as ISO 8601): everything that was committed up to then is in this file or before it
    """

    before: Transactions
    has: Transactions
    lacks: Transactions = NONE
    until: str = ""

    @property
    def through(self) -> Transactions:
        """Everything up to the end of this file."""
        return self.before | self.has

    def noted(self) -> dict[str, Any]:
        """Return it as JSON may hold it."""
        return {"before": str(self.before), "has": str(self.has), "lacks": str(self.lacks), "until": self.until}

    @classmethod
    def of(cls, noted: dict[str, Any]) -> Header:
        """Read what ``noted`` returned."""
        sets = {name: Transactions.parse(noted[name]) for name in ("before", "has", "lacks")}
        return cls(**sets, until=noted["until"])


class Folder:
    """The log of an archive whose folder and key these are."""

    def __init__(self, archive: Path, key: str) -> None:
        self.directory, self._key = archive / DIRECTORY, key

    def numbers(self) -> list[int]:
        """Return the numbers of the files that are there, in order."""
        if not self.directory.is_dir():
            return []
        return sorted(int(path.name) for path in self.directory.iterdir() if NAME.fullmatch(path.name))

    def first(self) -> int:
        """Return the number of the oldest file that should be there; zero where nothing was removed yet."""
        try:
            return int((self.directory / FIRST_FILE).read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def path(self, number: int) -> Path:
        """Return where a file is."""
        return self.directory / f"{number:010d}"

    def header(self, number: int) -> Header:
        """Read a file's header. Raises SealError, OSError."""
        return Header.of(sealed.read_header(self.path(number), number, self._key))

    def add(self, number: int, header: Header, file: Path) -> None:
        """Seal a file of the log. Raises OSError."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed.write(self.path(number), number, header.noted(), file, self._key)

    def open_into(self, number: int, target: Path) -> None:
        """Write a file's content to ``target``. Raises SealError, OSError."""
        sealed.open_into(self.path(number), number, self._key, target)

    def remove_before(self, number: int) -> None:
        """Remove the files before a number, but never the last one: it says how far the log is."""
        there = self.numbers()
        kept = min(number, there[-1]) if there else number
        if not there or kept <= there[0]:
            return
        beside = self.directory / f".{FIRST_FILE}.new"
        beside.write_text(str(kept))
        beside.rename(self.directory / FIRST_FILE)
        for each in there:
            if each < kept:
                self.path(each).unlink(missing_ok=True)
