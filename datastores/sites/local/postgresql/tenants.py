"""Makes and ends databases and logins of tenants in a PostgreSQL node.

Rights are carried by three roles per database, named after its number: its readers, writers and owners. A login is a
member of one of them, so that a successor has the same rights at once, and tables made later are covered by default
privileges that were granted once. Owners act as the owners' role: what one of them makes belongs to all of them.

The platform is a superuser here, in a place of tenants: it grants and revokes, and never runs what is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors, sql

from console.errors import Refusal
from datastores.engines.postgresql import PostgreSQL
from datastores.logins import Rights
from datastores.sites.contract import NoAnswer
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.databases import OWN_SETTINGS, SUPERUSER
from datastores.sites.local.postgresql.grants import CREATORS, grants
from datastores.sites.local.postgresql.logins import Connection, visiting_login
from datastores.sites.local.postgresql.names import PLATFORM_DATABASE
from datastores.sites.tenants import NewLogin, Successor

# Copying the template and dropping files take longer than looking; a person waits.
PATIENT: Final = OWN_SETTINGS.replace("statement_timeout=5s", "statement_timeout=25s").replace(
    "transaction_timeout=10s", "transaction_timeout=28s"
)
ADMIN: Final = sql.Identifier(PostgreSQL.admin_user)
SESSIONS: Final = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
END_SESSIONS: Final = "SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity WHERE usename = %s"
SCHEMAS: Final = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
GROUPS: Final = {Rights.READ_ONLY: "readers", Rights.READ_WRITE: "writers", Rights.OWNER: "owners"}


def create_database(place: Place, name: str) -> None:
    """Make a database of the super admin's that nobody else may enter; raises Refusal where it is there."""
    database = sql.Identifier(name)
    with _inside(place, PLATFORM_DATABASE) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, ADMIN))
        except errors.DuplicateDatabase:
            raise Refusal(f"The server has a database “{name}” already.", "Choose another name.") from None
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))


def drop_database(place: Place, name: str) -> None:
    """Drop a database, the sessions in it, and the roles that carried its rights."""
    with _inside(place, PLATFORM_DATABASE) as connection:
        roles = _groups(connection, name)
        try:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        except errors.ObjectInUse:
            raise Refusal(
                f"“{name}” was not dropped: something still uses it, such as a replication slot.",
                "End that, then try again. Nothing was changed.",
            ) from None
        for role in roles:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def create_login(place: Place, login: NewLogin) -> None:
    """Make a login with the rights of its group, and see to it that the group has them."""
    with _inside(place, login.database) as connection, connection.transaction():
        group = _ensure_groups(connection, login.database)[login.rights]
        _set_login(connection, login.name, login.password)
        _join(connection, login.name, group, acts_as_group=login.rights is Rights.OWNER)


def succeed_login(place: Place, login: Successor) -> None:
    """Make a login beside ``login.base``: a member that acts as it, or of the group that its rights name."""
    if login.rights is not None:
        create_login(place, NewLogin(login.name, login.password, login.database, login.rights))
        return
    with _inside(place, login.database) as connection, connection.transaction():
        _set_login(connection, login.name, login.password)
        _join(connection, login.name, login.base, acts_as_group=True)


def retire_login(place: Place, name: str, base: str) -> None:
    """Let nobody log in with it any more, end its sessions, and drop it where nothing hangs on it.

    A login that carries rights for its successor (``base``) stays, without the right to log in.
    """
    role = sql.Identifier(name)
    with _inside(place, PLATFORM_DATABASE) as connection:
        if not _exists(connection, name):
            return
        connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(role))
        connection.execute(END_SESSIONS, [name])
        if name == base:
            return
        try:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))
        except errors.DependentObjectsStillExist:
            return  # it owns something in some database: it stays, and can't log in


def login_sessions(place: Place, name: str) -> int:
    """Count the sessions of a login."""
    with _inside(place, PLATFORM_DATABASE) as connection:
        row = connection.execute(SESSIONS, [name]).fetchone()
    return int(row[0]) if row else 0


def _ensure_groups(connection: Connection, database: str) -> dict[Rights, str]:
    """Make the database's three roles and give them what they carry; everything may be there already."""
    groups = dict(zip(GROUPS, _groups(connection, database), strict=True))
    for group in groups.values():
        if not _exists(connection, group):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
            _let_admin_look_after(connection, group)
    creators = [str(row[0]) for row in connection.execute(CREATORS, [database])]
    schemas = [str(row[0]) for row in connection.execute(SCHEMAS)]
    for statement in grants(database, groups, creators, schemas):
        connection.execute(statement)
    return groups


def _groups(connection: Connection, database: str) -> list[str]:
    row = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [database]).fetchone()
    return [f"hw_{row[0]}_{kind}" for kind in GROUPS.values()] if row else []


def _exists(connection: Connection, role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def _set_login(connection: Connection, name: str, password: str) -> None:
    """Make the login or give it its password; only the verifier is sent, so no log can hold the password."""
    role = sql.Identifier(name)
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    if not _exists(connection, name):
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(verifier)))


def _join(connection: Connection, name: str, group: str, *, acts_as_group: bool) -> None:
    role, carrier = sql.Identifier(name), sql.Identifier(group)
    connection.execute(sql.SQL("GRANT {} TO {} WITH INHERIT TRUE, SET TRUE").format(carrier, role))
    if acts_as_group:
        connection.execute(sql.SQL("ALTER ROLE {} SET role = {}").format(role, carrier))
    _let_admin_look_after(connection, name)


def _let_admin_look_after(connection: Connection, name: str) -> None:
    """Let the super admin use and change a role as one that it made itself, unless the role acts as the super admin."""
    try:
        with connection.transaction():
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT TRUE, SET TRUE").format(sql.Identifier(name), ADMIN)
            )
    except errors.InvalidGrantOperation:  # the super admin would be a member of itself
        return


@contextmanager
def _inside(place: Place, database: str) -> Iterator[Connection]:
    """Log in as the platform, and tell what goes wrong in words that reveal nothing."""
    try:
        with visiting_login(place, database, PATIENT) as connection:
            if connection.execute(SUPERUSER).fetchone() != (True,):
                raise NoAnswer("The database's own settings keep the platform out.")
            yield connection
    except (errors.QueryCanceled, errors.LockNotAvailable):
        raise NoAnswer("The server was too busy to answer in time.") from None
    except errors.InsufficientPrivilege:
        raise NoAnswer("The server refused the platform.") from None
    except psycopg.OperationalError:
        raise NoAnswer("The server did not answer, or the database takes no connections.") from None
