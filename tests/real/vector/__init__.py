"""PostgreSQL with pgvector, for real."""
