"""PostgreSQL with pgvector on this machine: PostgreSQL whose every database is made with the extension."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from datastores.engines.postgresql_vector import PostgreSQLVector
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.postgresql import LocalPostgreSQL, initialise
from datastores.sites.local.postgresql.configuration import write_configuration


class LocalPostgreSQLVector(LocalPostgreSQL):
    """PostgreSQL 17 with pgvector."""

    slug: ClassVar[str] = PostgreSQLVector.slug
    # One waits where a plain PostgreSQL keeps more: it is made less often, and each costs a second and 40 MB.
    most_ready: ClassVar[int | None] = 1

    def initialise(self, data: Path) -> None:
        """Make a data directory whose template and default database have pgvector; raises InitialisationError."""
        initialise.initialise(data, extensions=PostgreSQLVector.ready_extensions)

    def configure(self, place: Place, sizing: Sizing) -> None:
        """Write settings and login rules; they count from the next start."""
        write_configuration(place, sizing, vectors=True)
