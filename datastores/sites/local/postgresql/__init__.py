"""PostgreSQL on this machine."""

from datastores.sites.local.postgresql.engine import LocalPostgreSQL

__all__ = ["LocalPostgreSQL"]
