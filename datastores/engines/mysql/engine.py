"""MySQL as people see it: names, connection limit, service URI and snippets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from datastores.engines.contract import Access, Engine, Snippet
from datastores.engines.mysql.snippets import snippets
from datastores.engines.mysql.uri import SSL_MODE, service_uri
from datastores.limits import MYSQL_OUTAGES, PlanFacts, Promise, mysql_connections


class MySQL(Engine):
    """MySQL 9."""

    slug: ClassVar[str] = "mysql"
    label: ClassVar[str] = "MySQL"
    description: ClassVar[str] = "The relational database that most web applications know."
    icon: ClassVar[str] = "database"
    admin_user: ClassVar[str] = "hwadmin"
    default_database: ClassVar[str] = "defaultdb"
    ssl_mode: ClassVar[str] = SSL_MODE
    when_full: ClassVar[str] = (
        "To make room, run SET SESSION transaction_read_only = OFF in a session of yours, then TRUNCATE or DROP what is "
        "not needed any more, or DELETE rows and run OPTIMIZE TABLE."
    )
    outages: ClassVar[Mapping[str, Promise]] = MYSQL_OUTAGES

    def connection_limit(self, plan: PlanFacts) -> int:
        """Connections that tenants can open at once; the engine refuses the next one itself."""
        return mysql_connections(plan)

    def uri(self, access: Access) -> str:
        """Return the service URI (see ``uri.service_uri``)."""
        return service_uri(access)

    def snippets(self, access: Access) -> list[Snippet]:
        """Return code for mysql, Python, Node.js, Java, Go, Django and .env, in this order."""
        return snippets(access)
