"""MySQL as people see it: names, connection limit, service URI and snippets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from datastores.engines.contract import Access, Engine, Snippet
from datastores.engines.mysql.databases import name_problem
from datastores.engines.mysql.snippets import snippets
from datastores.engines.mysql.trial import try_login
from datastores.engines.mysql.uri import SSL_MODE, service_uri
from datastores.limits import MYSQL_OUTAGES, PlanFacts, Promise, mysql_connections


class MySQL(Engine):
    """MySQL 9."""

    slug: ClassVar[str] = "mysql"
    label: ClassVar[str] = "MySQL"
    description: ClassVar[str] = "The relational database that most web applications know."
    binding_type: ClassVar[str] = "mysql"
    icon: ClassVar[str] = "database"
    admin_user: ClassVar[str] = "hwadmin"
    default_database: ClassVar[str] = "defaultdb"
    ssl_mode: ClassVar[str] = SSL_MODE
    when_full: ClassVar[str] = (
        "To make room, run SET SESSION transaction_read_only = OFF in a session of yours, then TRUNCATE or DROP what is "
        "not needed any more, or DELETE rows and run OPTIMIZE TABLE."
    )
    about_databases: ClassVar[str] = (
        "A database's size is that of its tables' files, indexes included. In MySQL a database has no owner: who may "
        "do what in it is granted to each login."
    )
    outages: ClassVar[Mapping[str, Promise]] = MYSQL_OUTAGES
    backed_up: ClassVar[bool] = True

    def connection_limit(self, plan: PlanFacts) -> int:
        """Connections that tenants can open at once; the engine refuses the next one itself."""
        return mysql_connections(plan)

    def database_name_problem(self, name: str) -> str:
        """Check MySQL's rules (see ``databases.name_problem``)."""
        return name_problem(name)

    def try_login(self, access: Access, ca_pem: str) -> None:
        """Log in over TLS (see ``trial.try_login``)."""
        try_login(access, ca_pem)

    def uri(self, access: Access) -> str:
        """Return the service URI (see ``uri.service_uri``)."""
        return service_uri(access)

    def snippets(self, access: Access) -> list[Snippet]:
        """Return code for mysql, Python, Node.js, Java, Go, Django and .env, in this order."""
        return snippets(access)
