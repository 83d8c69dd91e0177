"""Looks into the databases of a PostgreSQL node, and makes reviewed extensions in them.

The platform is a superuser in a place that belongs to tenants, so nothing of theirs may run or be found:
- the session takes no setting from the database (its owner may have set ``search_path`` or even ``role``);
- only catalogues are read, under a path of ``pg_catalog`` alone;
- an extension's script runs in a schema that was made in the same transaction under an unguessable name, where
  no tenant can have planted a function, operator or cast. What it made is moved to ``public`` afterwards, which
  runs no code, and fails where something of the same name is there already.
PostgreSQL itself (since 14.5) refuses scripts that would take over objects that exist.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors, sql

from console.errors import Refusal
from datastores.extensions import Extension, LogicalDatabase
from datastores.sites.contract import NoAnswer
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.logins import Connection, visiting_login
from datastores.sites.local.postgresql.names import PLATFORM_DATABASE

TARGET: Final = "public"  # where clients look
# Everything that an owner of a database could set for a session in it and that would change ours.
OWN_SETTINGS: Final = " ".join(
    f"-c {setting}"
    for setting in (
        "role=none",
        "statement_timeout=5s",
        "lock_timeout=2s",
        "idle_in_transaction_session_timeout=10s",
        "transaction_timeout=10s",
        "default_transaction_isolation=read\\ committed",
        "standard_conforming_strings=on",
        "check_function_bodies=on",
        "client_encoding=UTF8",
    )
)
DATABASES: Final = """
    SELECT datname, regexp_replace(pg_get_userbyid(datdba), '^hw_[0-9]+_owners$', 'its owner logins'),
           pg_database_size(oid), datallowconn
    FROM pg_database WHERE datname NOT IN ('template0', 'template1', 'postgres')
    ORDER BY datname COLLATE "C"
"""
EXTENSIONS: Final = """
    SELECT known.name, coalesce(there.extversion, known.default_version), coalesce(known.comment, ''),
           there.oid IS NOT NULL, coalesce(version.trusted OR NOT version.superuser, false),
           coalesce(there.extnamespace::regnamespace::text, '')
    FROM pg_available_extensions AS known
    LEFT JOIN pg_available_extension_versions AS version
           ON version.name = known.name AND version.version = known.default_version
    LEFT JOIN pg_extension AS there ON there.extname = known.name
"""
SUPERUSER: Final = "SELECT current_user = session_user AND rolsuper FROM pg_roles WHERE rolname = current_user"
MUST_BE_LOADED: Final = frozenset({"pg_stat_statements"})
TAKEN: Final = (errors.DuplicateObject, errors.DuplicateFunction, errors.DuplicateTable, errors.UniqueViolation)


def databases(place: Place) -> list[LogicalDatabase]:
    """Return the tenants' databases with their sizes in bytes; raises NoAnswer."""
    with _answering(), visiting_login(place, PLATFORM_DATABASE, OWN_SETTINGS) as connection:
        return [LogicalDatabase(*row) for row in connection.execute(DATABASES)]


def extensions(place: Place, database: str) -> list[Extension]:
    """Return every extension that the server knows, as one database has it; raises NoAnswer."""
    with _answering(), _inside(place, database) as connection:
        return [Extension(*row) for row in connection.execute(EXTENSIONS)]


def create_extension(place: Place, database: str, name: str) -> None:
    """Make an extension of the reviewed list in ``public``, whole or not at all.

    Raises Refusal where it is there, or something in its way, and NoAnswer.
    """
    with _answering(), _inside(place, database) as connection:
        _check_loaded(connection, name)
        try:
            _create(connection, sql.Identifier(name))
        except TAKEN:
            raise Refusal(
                f"{name} was not created: the database has it already, or an object of its own in the schema "
                f"{TARGET} that bears the name of one of the extension's.",
                "Rename or move that object, then try again. Nothing was changed.",
            ) from None
        except errors.InvalidSchemaName:
            raise Refusal(
                f"{name} was not created: the database has no schema {TARGET}.",
                f"Create it with CREATE SCHEMA {TARGET}, then try again. Nothing was changed.",
            ) from None


def _create(connection: Connection, name: sql.Identifier) -> None:
    aside = sql.Identifier(f"headwater_{secrets.token_hex(16)}")
    with connection.transaction():
        for statement in (
            sql.SQL("CREATE SCHEMA {aside}"),
            sql.SQL("CREATE EXTENSION {name} SCHEMA {aside}"),
            sql.SQL("ALTER EXTENSION {name} SET SCHEMA {target}"),
            sql.SQL("DROP SCHEMA {aside} RESTRICT"),
        ):
            connection.execute(statement.format(aside=aside, name=name, target=sql.Identifier(TARGET)))


def _check_loaded(connection: Connection, name: str) -> None:
    """Refuse what works only in a server that loaded it at its start, and this one did not."""
    if name not in MUST_BE_LOADED:
        return
    row = connection.execute("SELECT current_setting('shared_preload_libraries')").fetchone()
    if row is None or name not in str(row[0]).split(","):
        raise Refusal(
            f"{name} was not created: the server was started before it could be loaded.",
            "Power the data store off and on once, then try again.",
        )


@contextmanager
def _inside(place: Place, database: str) -> Iterator[Connection]:
    """Log in to a tenant's database as the superuser, and as nobody else."""
    with visiting_login(place, database, OWN_SETTINGS) as connection:
        if connection.execute(SUPERUSER).fetchone() != (True,):
            raise NoAnswer("The database's own settings keep the platform out.")
        yield connection


@contextmanager
def _answering() -> Iterator[None]:
    """Tell what went wrong in words that reveal nothing."""
    try:
        yield
    except (errors.QueryCanceled, errors.LockNotAvailable):
        raise NoAnswer("The server was too busy to answer in time.") from None
    except psycopg.OperationalError:
        raise NoAnswer("The server did not answer, or the database takes no connections.") from None
