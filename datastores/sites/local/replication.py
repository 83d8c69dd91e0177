"""What an engine's local side must do so that nodes follow each other. Every method may be run again at any time.

Positions are whole numbers that grow with the history of one store: bytes of log (PostgreSQL), transactions
(MySQL), bytes of the replication stream (cache). Names are those of services (``Place.name``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from datastores.sites.contract import Endpoint
from datastores.sites.local.canary import Canary
from datastores.sites.local.engine import Place
from datastores.sites.local.pulse import Pulse
from datastores.succession import Follower


class NotAnswering(Exception):  # noqa: N818 - a measurement, not a programming error
    """The node's server did not answer the platform in time; the sentence holds no secret."""


class CopyFailed(Exception):  # noqa: N818 - what went wrong with data on their way, in a sentence without a secret
    """A copy ended without success; it is begun anew at the next call."""


@dataclass(frozen=True)
class Standing:
    """What a node says of itself.

    writable   it takes writes: it is a primary
    position   how far it holds the history durably, applied or not
    applied    how far clients can read it
    following  a standby whose stream from its source is up
    source_port  the port of the node that it follows, None for a primary or where it follows nobody
    lag_seconds  how far reading it is behind its source; None where that is not known
    followers  on a primary: the standbys that are connected to it, by name
    told       on a primary: the names that it waits for before it acknowledges a write
    said       on a primary: what connected standbys said of themselves, where they had to be asked for its ``followers``
    """

    writable: bool
    position: int
    applied: int
    following: bool = False
    source_port: int | None = None
    lag_seconds: float | None = None
    followers: Mapping[str, Follower] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    said: Mapping[str, Standing] = field(default_factory=dict)


class Replicating(ABC):
    """An engine whose nodes can follow each other, over TLS."""

    # The directory is filled by the running server itself (MySQL's clone, a cache's synchronisation), not before its start.
    copies_while_running: ClassVar[bool] = False
    # Up to this distance from the primary, in positions, a standby has caught up: waiting for it costs a round trip.
    close_enough: ClassVar[int]
    # A planned switchover stops the old primary's process; otherwise it goes on as a standby without a restart.
    stops_to_step_down: ClassVar[bool] = False
    # Standbys confirm writes after the client was told: a promotion may lack the last instants, a restart lacks nothing.
    asynchronous: ClassVar[bool] = False
    # Logins and settings live in each node's own files: what is changed on the primary must be changed on each standby.
    keeps_logins_per_node: ClassVar[bool] = False

    @abstractmethod
    def write_part(self, place: Place, source: Place | None, synchronous: Iterable[str]) -> None:
        """Write what the next start of the node does: follow ``source``, or be the primary (None) that waits for one of
        ``synchronous``. Called after ``configure``, also before there is a data directory."""

    @abstractmethod
    def prepare_primary(self, place: Place, standbys: Iterable[Place]) -> None:
        """On the running primary: have the login, the permission and whatever keeps the log for exactly these standbys,
        and the canary's table."""

    @abstractmethod
    def copy(self, place: Place, source: Place) -> str | None:
        """Go on with making ``place`` a copy of ``source``, for at most three seconds a call.

        Looks how far it is first; None when the copy is complete and its server can follow, else a sentence of
        how far. A copy that failed is begun anew. Without ``copies_while_running`` the node is stopped meanwhile
        and its data directory is gone or unfinished; with it, its server runs.
        """

    @abstractmethod
    def rewind(self, place: Place, source: Place) -> bool | None:
        """Go on with making a stopped former primary able to follow ``source`` without a full copy, for at most three
        seconds a call. True: it can be started as a standby; False: it needs a full copy; None: not finished yet."""

    @abstractmethod
    def follow(self, place: Place, source: Place) -> None:
        """Have a running standby (or a primary that has stepped down) follow ``source`` from now on, and at its next start."""

    @abstractmethod
    def promote(self, place: Place) -> bool:
        """Make a running standby the primary, that waits for nobody; may be asked again. Under a second; where it takes
        longer it goes on by itself. True where it was seen to take writes by the end; else ``standing`` says when."""

    @abstractmethod
    def step_down(self, place: Place, standby: Place) -> None:
        """Acknowledge no write any more, and prove that ``standby`` has all that was acknowledged; at most three seconds.

        The primary runs; where ``stops_to_step_down`` is set it was stopped cleanly just before, and only the proof is
        left. Raises NotAnswering where the proof can't be had. May be asked again, also after ``standby`` was promoted.
        """

    @abstractmethod
    def take_back(self, place: Place) -> None:
        """Undo ``step_down``: the switchover was given up, the node goes on as the primary."""

    @abstractmethod
    def set_synchronous(self, place: Place, names: Iterable[str]) -> None:
        """Have the running primary wait for any one of these standbys, nobody where it is empty, also after a restart."""

    @abstractmethod
    def standing(self, place: Place) -> Standing:
        """Ask the running node, within a second. Raises NotAnswering."""

    def vital(self, place: Place) -> Path:
        """Return what is missing when the node's data are lost, though its directory may be there."""
        return place.data

    @abstractmethod
    def canary(self, endpoint: Endpoint, ca: Path) -> Canary:
        """Return a client that writes numbered rows through the store's address; ``prepare_primary`` has made its place."""

    @abstractmethod
    def pulse(self, place: Place) -> Pulse:
        """Return a probe of the node's socket that takes none of the tenants' connections (see ``pulse``)."""
