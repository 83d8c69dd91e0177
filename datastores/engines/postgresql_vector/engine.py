"""PostgreSQL with pgvector as people see it: PostgreSQL, with a similarity search first among the snippets."""

from __future__ import annotations

from typing import ClassVar

from datastores.engines.contract import Access, Snippet
from datastores.engines.postgresql import PostgreSQL
from datastores.engines.postgresql_vector.snippets import similarity_snippets


class PostgreSQLVector(PostgreSQL):
    """PostgreSQL 17 with pgvector."""

    slug: ClassVar[str] = "postgresql-vector"
    label: ClassVar[str] = "PostgreSQL vector"
    description: ClassVar[str] = (
        "PostgreSQL with pgvector ready in every database, for embeddings and similarity search."
    )
    icon: ClassVar[str] = "chart-scatter"
    section: ClassVar[str] = "vector-databases"
    extensions_on_request: ClassVar[tuple[str, ...]] = (*PostgreSQL.extensions_on_request, "vector")
    # In the default database and in the template of every new one. pgvector is not trusted: no tenant can make it.
    ready_extensions: ClassVar[tuple[str, ...]] = ("vector",)

    def snippets(self, access: Access) -> list[Snippet]:
        """Return the similarity search in Python and in SQL, then what PostgreSQL has."""
        return [*similarity_snippets(access), *super().snippets(access)]
