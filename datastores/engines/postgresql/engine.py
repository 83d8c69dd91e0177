"""PostgreSQL as people see it: names, connection limit, service URI and snippets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from datastores.engines.contract import Access, Engine, Snippet
from datastores.engines.postgresql.databases import name_problem
from datastores.engines.postgresql.snippets import snippets
from datastores.engines.postgresql.trial import try_login
from datastores.engines.postgresql.uri import service_uri
from datastores.limits import POSTGRESQL_OUTAGES, PlanFacts, Promise, postgresql_connections


class PostgreSQL(Engine):
    """PostgreSQL 17."""

    slug: ClassVar[str] = "postgresql"
    label: ClassVar[str] = "PostgreSQL"
    description: ClassVar[str] = "The relational database with the widest choice of types and extensions."
    binding_type: ClassVar[str] = "postgresql"
    icon: ClassVar[str] = "database"
    admin_user: ClassVar[str] = "hwadmin"
    default_database: ClassVar[str] = "defaultdb"
    ssl_mode: ClassVar[str] = "verify-full"
    when_full: ClassVar[str] = (
        "To make room, run SET default_transaction_read_only = off in a session of yours, then TRUNCATE or DROP what is "
        "not needed any more, or DELETE rows and run VACUUM FULL on their table."
    )
    about_databases: ClassVar[str] = "A database's size is that of its files, indexes included."
    has_extensions: ClassVar[bool] = True
    outages: ClassVar[Mapping[str, Promise]] = POSTGRESQL_OUTAGES
    shrinks_primary_first: ClassVar[bool] = True  # max_connections and its like, which the log carries
    backed_up: ClassVar[bool] = True
    # All others that are worth offering are trusted: the database's owner makes them without the platform.
    extensions_on_request: ClassVar[tuple[str, ...]] = ("pg_stat_statements",)

    def connection_limit(self, plan: PlanFacts) -> int:
        """Connections that tenants can open at once; the engine refuses the next one itself."""
        return postgresql_connections(plan)

    def database_name_problem(self, name: str) -> str:
        """Check PostgreSQL's rules (see ``databases.name_problem``)."""
        return name_problem(name)

    def try_login(self, access: Access, ca_pem: str) -> None:
        """Log in over TLS (see ``trial.try_login``)."""
        try_login(access, ca_pem)

    def uri(self, access: Access) -> str:
        """Return the service URI (see ``uri.service_uri``)."""
        return service_uri(access)

    def snippets(self, access: Access) -> list[Snippet]:
        """Return code for psql, Python, Node.js, Java, Go, Django and .env, in this order."""
        return snippets(access)
