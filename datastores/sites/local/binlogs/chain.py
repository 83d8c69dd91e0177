"""Out of the archived log into a restored data directory: files that the server replays as if a primary had sent them.

Each file must follow from what is there already. Where one does not, or can't be opened, the log ends.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from datastores.sites.local.binlogs import events
from datastores.sites.local.binlogs.folder import Folder, Header
from datastores.sites.local.binlogs.sealed import SealError
from datastores.sites.local.binlogs.transactions import Transactions

RELAY: Final = "relay"  # what the server's settings call the log that a primary sends
INDEX_FILE: Final = f"{RELAY}.index"  # which of those files count
READY_FILE: Final = "archived.index"  # the same, until the server that was restored takes it
DAMAGED: Final = "A file of the log is damaged."
LOST: Final = "A part of the log is missing."
OTHER_WAY: Final = "The log goes on from a state that the backup is not on the way to."


@dataclass
class Chain:
    """What is to be replayed. ``have`` is what the server has afterwards, ``ended`` why the log ends early, if it does."""

    have: Transactions
    files: int = 0
    until: str = ""
    last_commit: int = 0
    ended: str = ""
    touched: dict[str, str] = field(default_factory=dict)
    salvaged: int = 0  # files of a lost node's

    def noted(self) -> dict[str, Any]:
        """Return it as JSON may hold it."""
        return {
            "have": str(self.have),
            "files": self.files,
            "until": self.until,
            "last_commit": self.last_commit,
            "ended": self.ended,
            "touched": self.touched,
            "salvaged": self.salvaged,
        }

    @classmethod
    def load(cls, file: Path) -> Chain:
        """Read what ``save`` wrote. Raises FileNotFoundError."""
        noted = json.loads(file.read_text())
        return cls(**noted | {"have": Transactions.parse(noted["have"])})

    def save(self, file: Path) -> None:
        """Write it in one step."""
        beside = file.with_name(f".{file.name}.new")
        beside.write_text(json.dumps(self.noted()))
        beside.rename(file)

    def take(self, data: Path, found: events.Scan) -> None:
        """Add the file that lies where the next one belongs, as far as it is whole."""
        with self.next_file(data).open("r+b") as file:
            file.truncate(found.end)
        self.files += 1
        names = (f"./{RELAY}.{number:06d}\n" for number in range(1, self.files + 1))
        (data / READY_FILE).write_text("".join(names))
        self.have |= found.transactions
        self.last_commit = max(self.last_commit, found.last_commit)
        self.touched |= found.touched

    def next_file(self, data: Path) -> Path:
        """Return where the next file belongs."""
        return data / f"{RELAY}.{self.files + 1:06d}"


def build(folder: Folder, data: Path, chain: Chain, first: int, moment: datetime | None) -> bool:
    """Open the files from number ``first`` on into ``data``, up to ``moment``; True where the log reaches that."""
    until = int(moment.timestamp() * 1_000_000) if moment else None
    for number in folder.numbers():
        if number < first:
            continue
        chain.ended = _add(folder, data, chain, number, until)
        if chain.ended:
            return False
        if moment and chain.until and datetime.fromisoformat(chain.until) >= moment:
            return True
    return moment is None


def _add(folder: Folder, data: Path, chain: Chain, number: int, until: int | None) -> str:
    """Add one file; returns why it can't be."""
    target = chain.next_file(data)
    try:
        header = folder.header(number)
        if refusal := _refusal(header, chain.have):
            return refusal
        if header.has <= chain.have:  # the backup has it all
            chain.until = header.until or chain.until
            return ""
        folder.open_into(number, target)
        found = events.scan(target, until=until)
    except (SealError, events.BinlogError, OSError, ValueError):
        target.unlink(missing_ok=True)
        return DAMAGED
    if found.transactions:
        chain.take(data, found)
    else:
        target.unlink()
    if header.until:
        chain.until = header.until
    elif found.cut and until is not None:  # nothing later was committed before the moment
        chain.until = datetime.fromtimestamp(until / 1_000_000, UTC).isoformat()
    return ""


def _refusal(header: Header, have: Transactions) -> str:
    if header.lacks & have:
        return OTHER_WAY
    return "" if header.before <= have else LOST


def salvage(lost: Path, data: Path, chain: Chain) -> int:
    """Add what a lost data directory has of the log beyond the chain, as far as it is whole; returns how many files."""
    added = 0
    for file in sorted(lost.glob("binlog.[0-9]*")):
        try:
            if not events.previous(file) <= chain.have:
                break
            found = events.scan(file, verify=True)
        except (events.BinlogError, OSError):
            continue
        if found.transactions <= chain.have:
            continue
        shutil.copyfile(file, chain.next_file(data))
        chain.take(data, found)
        added += 1
    return added
