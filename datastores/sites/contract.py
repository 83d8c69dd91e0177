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
    def keep_ready(self) -> None:
        """Prepare in the background what makes the next Create fast. Called every few seconds; may be called twice."""

    @abstractmethod
    def watch(self) -> None:
        """Measure whether clients can log in to the site's data stores, and save it with the evidence."""

    @abstractmethod
    def renew_certificates(self) -> None:
        """Renew the certificates that end soon, without cutting a session."""
