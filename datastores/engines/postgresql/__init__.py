"""PostgreSQL: what it is, how clients reach it and which settings a plan leads to."""

from datastores.engines.postgresql.engine import PostgreSQL

__all__ = ["PostgreSQL"]
