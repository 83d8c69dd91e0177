"""What a site must do. Nothing above this package may assume a process, a port of this host or a directory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from datastores.models import DataStore
from datastores.operations.procedure import Procedure


@dataclass(frozen=True)
class Endpoint:
    """The stable address of a data store."""

    host: str
    port: int


@dataclass(frozen=True)
class AccessChange:
    """What putting an allow list into effect came to.

    live  it is in effect now; False: nobody can connect at the moment, and it is in effect when they can again
    cut   clients that were cut because their address is no longer allowed
    """

    live: bool
    cut: int = 0


class SiteDriver(ABC):
    """A kind of site. It brings one procedure per kind of operation."""

    kind: ClassVar[str]
    procedures: ClassVar[tuple[type[Procedure], ...]]

    @abstractmethod
    def endpoint(self, store: DataStore) -> Endpoint | None:
        """Return the store's stable address, or None until it has one."""

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
    def keep_ready(self) -> None:
        """Prepare in the background what makes the next Create fast. Called every few seconds; may be called twice."""

    @abstractmethod
    def watch(self) -> None:
        """Measure whether clients can log in to the site's data stores, and save it with the evidence."""

    @abstractmethod
    def renew_certificates(self) -> None:
        """Renew the certificates that end soon, without cutting a session."""
