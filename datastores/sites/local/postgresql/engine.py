"""The life of a PostgreSQL node on this machine: made, configured, started, logged in to."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import sql

from datastores.engines.postgresql import PostgreSQL
from datastores.extensions import Extension, LogicalDatabase
from datastores.sites.contract import Endpoint
from datastores.sites.local.databases import ExtensionKeeper
from datastores.sites.local.engine import LocalEngine, Place, Sizing
from datastores.sites.local.postgresql import databases, initialise, probing, tenants
from datastores.sites.local.postgresql import read_only as switching
from datastores.sites.local.postgresql.configuration import write_configuration
from datastores.sites.local.postgresql.logins import platform_login
from datastores.sites.local.postgresql.programs import confined_server
from datastores.sites.local.postgresql.replication import ReplicatingPostgreSQL
from datastores.sites.local.tenancy import LocalTenancy
from datastores.sites.tenants import NewLogin, Successor
from host.locks import remove_stale
from host.supervisor import ServiceSpec


class LocalPostgreSQL(ReplicatingPostgreSQL, LocalEngine, ExtensionKeeper, LocalTenancy):
    """PostgreSQL 17."""

    slug: ClassVar[str] = PostgreSQL.slug
    version: ClassVar[str] = "17"

    def initialise(self, data: Path) -> None:
        """Make a data directory where there is none; raises InitialisationError."""
        initialise.initialise(data)

    def configure(self, place: Place, sizing: Sizing) -> None:
        """Write settings and login rules; they count from the next start."""
        write_configuration(place, sizing)

    def service(self, place: Place) -> ServiceSpec:
        """Return the server's command. SIGINT is a fast shutdown: sessions end, data is on disk."""
        return ServiceSpec(
            name=place.name,
            command=confined_server(place),
            working_directory=place.data,
            environment={"LC_ALL": "C"},
            stop_signal=signal.SIGINT,
            owned_directory=place.data,
        )

    def ready(self, place: Place) -> bool:
        """Say whether the platform can log in now."""
        try:
            with platform_login(place) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def set_password(self, place: Place, user: str, password: str) -> None:
        """Give a login a new password. Only its SCRAM verifier is sent, so no log can hold the password."""
        with platform_login(place) as connection:
            verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(user),
                sql.Literal(verifier.decode()),
            )
            connection.execute(statement)

    def reload(self, place: Place) -> None:
        """Have the running server read its certificate and settings again."""
        with platform_login(place) as connection:
            connection.execute("SELECT pg_reload_conf()")

    def set_read_only(self, place: Place, *, read_only: bool) -> bool:
        """Make transactions read-only by default, or not (see ``read_only.set_read_only``)."""
        return switching.set_read_only(place, read_only=read_only)

    def databases(self, place: Place) -> list[LogicalDatabase]:
        """Return the tenants' databases (see ``databases.databases``)."""
        return databases.databases(place)

    def extensions(self, place: Place, database: str) -> list[Extension]:
        """Return what one database has and could have (see ``databases.extensions``)."""
        return databases.extensions(place, database)

    def create_extension(self, place: Place, database: str, name: str) -> None:
        """Make a reviewed extension safely (see ``databases.create_extension``)."""
        databases.create_extension(place, database, name)

    def create_database(self, place: Place, name: str) -> None:
        """Make a database (see ``tenants.create_database``)."""
        tenants.create_database(place, name)

    def drop_database(self, place: Place, name: str) -> None:
        """Drop a database (see ``tenants.drop_database``)."""
        tenants.drop_database(place, name)

    def create_login(self, place: Place, login: NewLogin) -> None:
        """Make a login of one database (see ``tenants.create_login``)."""
        tenants.create_login(place, login)

    def succeed_login(self, place: Place, login: Successor) -> None:
        """Make a second login with the same rights (see ``tenants.succeed_login``)."""
        tenants.succeed_login(place, login)

    def retire_login(self, place: Place, name: str, base: str) -> None:
        """End a login (see ``tenants.retire_login``)."""
        tenants.retire_login(place, name, base)

    def login_sessions(self, place: Place, name: str) -> int:
        """Count a login's sessions (see ``tenants.login_sessions``)."""
        return tenants.login_sessions(place, name)

    def probe(self, place: Place, endpoint: Endpoint, ca: Path) -> str:
        """Log in at the stable address (see ``probing.probe``)."""
        return probing.probe(endpoint, ca)

    def process_id(self, place: Place) -> int | None:
        """Return the process id in postmaster.pid; the process may be gone."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            return int((place.data / "postmaster.pid").read_text().splitlines()[0])
        return None

    def forget_locks(self, place: Place) -> None:
        """Remove postmaster.pid and the socket's lock: another server may have that process id by now."""
        remove_stale([place.data / "postmaster.pid", *place.sockets.glob(".s.PGSQL.*.lock")], place.data)
