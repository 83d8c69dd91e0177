"""What a site must do. Nothing above this package may assume a process, a port of this host or a directory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from datastores.capacity import Room
from datastores.extensions import Extension, LogicalDatabase
from datastores.models import DataStore, Node, Site
from datastores.operations.procedure import Procedure
from datastores.sites.tenants import Endpoint, TenantKeeper

__all__ = ["AccessChange", "Endpoint", "NoAnswer", "ReaderEndpoint", "SiteDriver"]


@dataclass(frozen=True)
class AccessChange:
    """What putting an allow list into effect came to.

    live  it is in effect now; False: nobody can connect at the moment, and it is in effect when they can again
    cut   clients that were cut because their address is no longer allowed
    """

    live: bool
    cut: int = 0


@dataclass(frozen=True)
class ReaderEndpoint:
    """The second stable address of a data store, which spreads connections over its standbys, for reads.

    standbys  how many serve there now; those that are too far behind do not
    """

    host: str
    port: int
    standbys: int


class NoAnswer(Exception):  # noqa: N818 - a measurement, not a programming error
    """The data store's server did not answer the platform; the sentence is for people and holds no secret."""


class SiteDriver(TenantKeeper, ABC):
    """A kind of site. It brings one procedure per kind of operation."""

    kind: ClassVar[str]
    procedures: ClassVar[tuple[type[Procedure], ...]]

    @abstractmethod
    def endpoint(self, store: DataStore) -> Endpoint | None:
        """Return the store's stable address, or None until it has one."""

    @abstractmethod
    def node_address(self, node: Node) -> str:
        """Return where the platform and the other nodes reach a node, for people; empty until it has a place."""

    @abstractmethod
    def reader_endpoint(self, store: DataStore) -> ReaderEndpoint | None:
        """Return the address where the store's standbys serve reads, or None where it has none."""

    @abstractmethod
    def most_clients(self, store: DataStore) -> int | None:
        """Return how many clients the site can let in at once, whatever the plan allows; None where nothing bounds that."""

    @abstractmethod
    def ca_certificate(self) -> str:
        """Return the PEM text of the authority that signs the site's server certificates."""

    @abstractmethod
    def apply_allow_list(self, store: DataStore) -> AccessChange:
        """Put the store's saved allow list into effect within a second; clients that stay allowed notice nothing.

        Called in the transaction that saves the rows. Raises Refusal where the site did not take it.
        """

    @abstractmethod
    def sessions(self, store: DataStore) -> list[str] | None:
        """Return the source address of each client that is connected now; None where that can't be measured."""

    @abstractmethod
    def capacity(self, site: Site) -> Room:
        """Return the memory and disk that data stores may take of a site in full sizing."""

    @abstractmethod
    def databases(self, store: DataStore) -> list[LogicalDatabase]:
        """Read the logical databases from the running server, within seconds; raises NoAnswer."""

    @abstractmethod
    def extensions(self, store: DataStore, database: str) -> list[Extension]:
        """Read which extensions one database has and could have. For engines with ``has_extensions``.

        Raises NoAnswer.
        """

    @abstractmethod
    def create_extension(self, store: DataStore, database: str, name: str) -> None:
        """Make a reviewed extension with the platform's rights, so that nothing of a tenant's runs with them.

        The caller has checked that it is reviewed. Raises Refusal where it can't be made, and NoAnswer.
        """

    @abstractmethod
    def keep_ready(self) -> None:
        """Prepare in the background what makes the next Create fast. Called every few seconds; may be called twice."""

    @abstractmethod
    def watch(self) -> None:
        """Measure whether clients can log in to the site's data stores and what these take of the disk; save it with
        the evidence, and stop writes where a disk is nearly full."""

    @abstractmethod
    def backs_up(self, store: DataStore) -> bool:
        """Say whether the store's log is archived and backups are taken."""

    @abstractmethod
    def keep_archives(self) -> None:
        """Look at each store's archive and save how far it reaches. Called every minute; may be called twice."""

    @abstractmethod
    def renew_certificates(self) -> None:
        """Renew the certificates that end soon, without cutting a session."""
