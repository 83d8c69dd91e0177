"""What a local engine can tell of the logical databases in a running node, and do in them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from datastores.extensions import Extension, LogicalDatabase
from datastores.sites.local.engine import Place


class DatabaseKeeper(ABC):
    """Looks at the logical databases of a running node. Every engine does, beside its ``LocalEngine``."""

    @abstractmethod
    def databases(self, place: Place) -> list[LogicalDatabase]:
        """Read the tenants' databases without taking a connection of theirs; raises NoAnswer."""


class ExtensionKeeper(DatabaseKeeper):
    """Looks into them, where databases have extensions (``Engine.has_extensions``)."""

    @abstractmethod
    def extensions(self, place: Place, database: str) -> list[Extension]:
        """Read the extensions of one database; raises NoAnswer."""

    @abstractmethod
    def create_extension(self, place: Place, database: str, name: str) -> None:
        """Make a reviewed extension; raises Refusal and NoAnswer."""
