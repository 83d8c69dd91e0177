"""What a local engine with logical databases can do besides."""

from __future__ import annotations

from abc import ABC, abstractmethod

from datastores.extensions import Extension, LogicalDatabase
from datastores.sites.local.engine import Place


class DatabaseKeeper(ABC):
    """Looks into the logical databases of a running node."""

    @abstractmethod
    def databases(self, place: Place) -> list[LogicalDatabase]:
        """Read the tenants' databases; raises NoAnswer."""

    @abstractmethod
    def extensions(self, place: Place, database: str) -> list[Extension]:
        """Read the extensions of one database; raises NoAnswer."""

    @abstractmethod
    def create_extension(self, place: Place, database: str, name: str) -> None:
        """Make a reviewed extension; raises Refusal and NoAnswer."""
