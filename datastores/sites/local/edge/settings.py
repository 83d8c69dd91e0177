"""Where the edge's files and sockets are, which ports it has and how much it may hold."""

from __future__ import annotations

import resource
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from host.paths import Home

from .errors import EdgeError
from .slots import Slot, check_port

# Enough for one slot with the largest plan's 65,536 cache clients. HAProxy's table costs 64 bytes for each.
MOST_OPEN_FILES = 180_000
# Admin sockets, pollers, the log and what a library opens.
SPARE_FILES = 200
EVERYWHERE = "*"


def open_files_here() -> int:
    """How many files a program started from here may open: the hard limit, within reason."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)


@dataclass(frozen=True)
class EdgeSettings:
    """What the edge needs to know of its surroundings.

    home        the installation's directories
    program     HAProxy, 2.6 or newer
    bind        addresses that it listens on; "*" means all of IPv4 and IPv6
    first_port  port of slot 1; slot n has first_port + n - 1 unless its row says otherwise
    slots       how many are declared at the start: the most data stores without a restart of the edge
    threads     one is fastest for a single query; more carry more at once on a larger machine
    open_files  RLIMIT_NOFILE of the supervised service; a session takes two
    """

    home: Home
    program: Path
    bind: tuple[str, ...] = ("127.0.0.1", "::1")
    first_port: int = 21000
    slots: int = 500
    threads: int = 1
    open_files: int = field(default_factory=open_files_here)

    def __post_init__(self) -> None:
        for address in self.bind:
            if address != EVERYWHERE:
                ip_address(address)
        check_port(self.first_port)
        check_port(self.first_port + self.slots - 1)

    @property
    def directory(self) -> Path:
        """Where the generated configuration is; written by the edge alone."""
        return self.home.edge.absolute()

    @property
    def admin_socket(self) -> Path:
        """Unix socket for changes at run time; whoever can open it controls the edge."""
        return self.home.run / "edge.sock"

    @property
    def sessions(self) -> int:
        """Sessions that the whole edge holds at once; beyond them clients wait to be accepted."""
        return max(100, (self.open_files - SPARE_FILES - self.slots * len(self.bind)) // 2)

    @property
    def sessions_per_slot(self) -> int:
        """Sessions of one slot beyond which the edge turns clients away, so that no store starves the others.

        Far above what a plan allows where the machine's limits permit: up to there the engine itself answers
        "too many connections", and nobody queues in the edge.
        """
        return self.sessions * 3 // 4

    def complete(self, slots: Iterable[Slot]) -> dict[int, Slot]:
        """Every declared slot by number: those given, the rest closed. Raises EdgeError where two collide."""
        complete = {number: Slot(number, self.first_port + number - 1) for number in range(1, self.slots + 1)}
        for slot in slots:
            if slot.number not in complete:
                raise EdgeError(
                    f"Slot {slot.number} is not among the {self.slots} slots of the edge.",
                    f"Set HEADWATER_EDGE_SLOTS to at least {slot.number} and restart the edge.",
                )
            complete[slot.number] = slot
        owners: dict[int, int] = {}
        for slot in complete.values():
            other = owners.setdefault(slot.port, slot.number)
            if other != slot.number:
                raise EdgeError(
                    f"Slots {other} and {slot.number} of the edge both want port {slot.port}.",
                    "Set HEADWATER_EDGE_FIRST_PORT back to what it was when the first data store was made.",
                )
        return complete
