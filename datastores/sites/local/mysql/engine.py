"""The life of a MySQL node on this machine: made, configured, started, logged in to."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import ClassVar

import pymysql
from pymysql.constants import ER

from datastores.engines.mysql import MySQL
from datastores.extensions import LogicalDatabase
from datastores.sites.contract import Endpoint
from datastores.sites.local.databases import DatabaseKeeper
from datastores.sites.local.engine import LocalEngine, Place, Sizing
from datastores.sites.local.mysql import databases, initialise, probing, room, tenants
from datastores.sites.local.mysql import read_only as switching
from datastores.sites.local.mysql.accounts import admin_statements, password_statement
from datastores.sites.local.mysql.configuration import (
    configured,
    process_file,
    socket_file,
    write_configuration,
)
from datastores.sites.local.mysql.identity import ensure_identity
from datastores.sites.local.mysql.logins import administration, platform_login
from datastores.sites.local.mysql.programs import confined_server
from datastores.sites.local.mysql.replication import ReplicatingMySQL
from datastores.sites.local.tenancy import LocalTenancy
from datastores.sites.tenants import NewLogin, Successor
from host.locks import remove_stale
from host.supervisor import ServiceSpec


class LocalMySQL(ReplicatingMySQL, LocalEngine, DatabaseKeeper, LocalTenancy):
    """MySQL 9."""

    slug: ClassVar[str] = MySQL.slug
    version: ClassVar[str] = "9"

    def initialise(self, data: Path) -> None:
        """Make a data directory where there is none; raises InitialisationError."""
        initialise.initialise(data)

    def configure(self, place: Place, sizing: Sizing) -> None:
        """Write the settings; they count from the next start."""
        write_configuration(place, sizing)

    def service(self, place: Place) -> ServiceSpec:
        """Return the server's command; its configuration must have been written. SIGTERM is a clean stop."""
        return ServiceSpec(
            name=place.name,
            command=confined_server(place),
            working_directory=place.data,
            environment={"LC_ALL": "C"},
            owned_directory=place.data,
            open_files=configured(place, "open_files_limit"),
        )

    def ready(self, place: Place) -> bool:
        """Say whether the platform can log in now."""
        try:
            with platform_login(place) as connection:
                connection.ping(reconnect=False)
        except (pymysql.Error, OSError):
            return False
        return True

    def set_password(self, place: Place, user: str, password: str) -> None:
        """Give a login a new password; only its verifier is sent, so no log can hold the password.

        A lock or a condition that the tenant has put on it is lifted, and a super admin that the tenant has
        dropped is made anew.
        """
        with administration(place) as session:
            try:
                session.execute(password_statement(user, password))
            except pymysql.err.OperationalError as error:
                if error.args[0] != ER.CANNOT_USER or user != MySQL.admin_user:
                    raise
                for statement in (*admin_statements(), password_statement(user, password)):
                    session.execute(statement)

    def reload(self, place: Place) -> None:
        """Have the running server read its certificate again; sessions that are open keep theirs.

        The one with which it logs in to a primary is as old, and is read at the next login.
        """
        ensure_identity(place)
        with administration(place) as session:
            session.execute("ALTER INSTANCE RELOAD TLS")

    def set_read_only(self, place: Place, *, read_only: bool) -> bool:
        """Make transactions read-only by default, or not (see ``read_only.set_read_only``)."""
        return switching.set_read_only(place, read_only=read_only)

    def databases(self, place: Place) -> list[LogicalDatabase]:
        """Return the tenants' databases (see ``databases.databases``)."""
        return databases.databases(place)

    def make_room(self, place: Place) -> None:
        """Remove old files of the log of changes (see ``room.make_room``)."""
        room.make_room(place)

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
        return probing.probe(place, endpoint, ca)

    def process_id(self, place: Place) -> int | None:
        """Return the process id that the server noted; the process may be gone."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int(process_file(place).read_text())
        return None

    def forget_locks(self, place: Place) -> None:
        """Remove the process id and the socket's lock: another server may have that process id by now."""
        socket = socket_file(place)
        remove_stale([process_file(place), socket.with_name(f"{socket.name}.lock")], place.data)
