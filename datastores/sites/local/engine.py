"""What the local site needs to know of an engine in order to run a node of it on this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from datastores.limits import PlanFacts
from datastores.sites.contract import Endpoint
from host.supervisor import ServiceSpec


class ProbeFailure(Exception):  # noqa: N818 - a measurement, not a programming error
    """A client could not log in; the sentence says which part failed, without a secret."""


@dataclass(frozen=True)
class Place:
    """One node's directories and port on this machine (see ``places.place_of``)."""

    name: str  # the service's name, unique on this machine
    directory: Path  # everything of the node; deleted with it
    sockets: Path  # the private directory of its Unix socket, kept short
    port: int  # internal loopback port

    @property
    def data(self) -> Path:
        """The engine's data directory."""
        return self.directory / "data"

    @property
    def configuration(self) -> Path:
        """Configuration and certificates, outside the data directory."""
        return self.directory / "etc"


@dataclass(frozen=True)
class Sizing:
    """What the node's settings follow from."""

    plan: PlanFacts
    storage_gib: int
    development: bool  # small buffers; the limits stay exact
    settings: Mapping[str, object] = field(default_factory=dict)  # what a person has changed of the engine


class LocalEngine(ABC):
    """An engine's life on this machine. Every method may be run again at any time."""

    slug: ClassVar[str]
    version: ClassVar[str]  # major version; names the warm pool
    most_ready: ClassVar[int | None] = None  # keep at most so many directories ready; None: as the installation says

    @abstractmethod
    def initialise(self, data: Path) -> None:
        """Make an empty data directory with the platform's login, the super admin (without password) and the default database.

        Takes seconds; runs in the background for the warm pool, or in the foreground where the pool is empty.
        """

    @abstractmethod
    def configure(self, place: Place, sizing: Sizing) -> None:
        """Write the node's configuration. Its certificate already lies in ``place.configuration``."""

    @abstractmethod
    def service(self, place: Place) -> ServiceSpec:
        """Return how the node's process is started and stopped."""

    @abstractmethod
    def ready(self, place: Place) -> bool:
        """Say whether the platform can log in over the node's socket now. Takes under a second."""

    @abstractmethod
    def set_password(self, place: Place, user: str, password: str) -> None:
        """Give a login a new password, over the node's socket."""

    @abstractmethod
    def probe(self, place: Place, endpoint: Endpoint, ca: Path) -> str:
        """Log in as a client does: at the stable address, over TLS with full verification, with the platform's own
        probe login.

        Returns the evidence as a sentence; raises :class:`ProbeFailure`. It never takes one of the tenant's connections.
        """

    @abstractmethod
    def reload(self, place: Place) -> None:
        """Have the running server read a renewed certificate; sessions stay."""

    @abstractmethod
    def set_read_only(self, place: Place, *, read_only: bool) -> bool:
        """Stop what makes the data grow, or allow it again; tenants can delete either way. True when the server does so now.

        It outlives restarts of node and console. Asked for again at every measurement, so it costs next to
        nothing where it is so already; a server that is down follows at its next start, or when asked again.
        """

    def adopt_settings(self, place: Place, settings: Mapping[str, object]) -> None:
        """Let the running server follow what a person has changed, without a restart.

        ``configure`` has written it for the next start. Engines without such settings are never asked.
        """
        raise LookupError(f"{self.slug} has no settings that a person may change: {sorted(settings)} of {place.name}")

    def make_room(self, place: Place) -> None:  # noqa: B027 - most engines' settings bound what they keep
        """Give back disk that the server takes beside the tenant's data, such as old logs. Asked for while the disk fills."""

    @abstractmethod
    def process_id(self, place: Place) -> int | None:
        """Return the process id that the engine itself recorded, if it did (to find orphans)."""

    def forget_locks(self, place: Place) -> None:  # noqa: B027 - most engines' locks end with their process
        """Remove lock files that hold a process id of before a restart of the machine. The service is stopped."""
