"""PostgreSQL with pgvector: the same server, for embeddings."""

from datastores.engines.postgresql_vector.engine import PostgreSQLVector

__all__ = ["PostgreSQLVector"]
