"""The SQL that makes the platform's accounts and the tenant's super admin."""

from __future__ import annotations

from pymysql.converters import escape_string

from datastores.engines.mysql import MySQL
from datastores.engines.mysql.verifier import verifier
from datastores.sites.local.mysql.canary import CANARY_TABLE, CANARY_THERE
from datastores.sites.local.mysql.configuration import PLUGINS
from datastores.sites.local.mysql.identity import SUBJECT
from datastores.sites.local.mysql.logins import Administration
from datastores.sites.local.mysql.names import (
    ADMIN_ADDRESS,
    ARCHIVER,
    EDGE_ADDRESS,
    PLATFORM,
    PROBE,
    STANDBY,
    archiver_password,
    platform_password,
    probe_password,
)

ADMIN = f"'{MySQL.admin_user}'@'%'"
STANDBYS = f"'{STANDBY}'@'{EDGE_ADDRESS}'"
# All of a database's own rights, and the server's that end at the server. Not among them, because each leads
# to the host, to the platform's accounts or around the log of changes: SUPER, FILE, SHUTDOWN, RELOAD (resets
# the log), CREATE TABLESPACE, SYSTEM_USER, SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, BINLOG_ADMIN,
# REPLICATION_APPLIER (replays rows into the grant tables), BACKUP_ADMIN and CLONE_ADMIN (copy the files).
PRIVILEGES = (
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "PROCESS",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "SHOW DATABASES",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "REPLICATION SLAVE",
    "REPLICATION CLIENT",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "CREATE USER",
    "EVENT",
    "TRIGGER",
    "CREATE ROLE",
    "DROP ROLE",
)
DYNAMIC_PRIVILEGES = (
    "APPLICATION_PASSWORD_ADMIN",  # two passwords at a time while applications change over
    "FLUSH_OPTIMIZER_COSTS",
    "FLUSH_STATUS",
    "FLUSH_TABLES",
    "FLUSH_USER_RESOURCES",  # RELOAD's harmless part
    "ROLE_ADMIN",
    "SET_ANY_DEFINER",  # dumps name the makers of views and routines; accounts with SYSTEM_USER are excepted
    "SHOW_ROUTINE",
    "XA_RECOVER_ADMIN",
)
# Who can write these schemas can give himself any right, load code, or plant what the platform would run.
PLATFORM_SCHEMAS = ("mysql", "sys")
KEPT_FROM_TENANTS = (
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "CREATE VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EVENT",
    "TRIGGER",
)


def first_statements() -> list[str]:
    """Return what is run once in a new data directory, which has only root, without a password."""
    return [
        "SET GLOBAL partial_revokes = ON",
        *_platform("localhost"),
        *_platform(ADMIN_ADDRESS),
        f"CREATE USER '{PROBE}'@'{EDGE_ADDRESS}' {identified(probe_password())}",
        # By the first, only accounts that have it can change or drop this one. By the second, it gets in where
        # clients that are still logging in are counted as well (see ``logins``).
        f"GRANT SYSTEM_USER, CONNECTION_ADMIN ON *.* TO '{PROBE}'@'{EDGE_ADDRESS}'",
        *standbys_statements(),
        *admin_statements(),
        f"CREATE DATABASE {MySQL.default_database}",
        "DROP USER 'root'@'localhost'",
    ]


def installation_statements() -> list[str]:
    """Return what gives the platform's own accounts the passwords of this installation. No log tells it to anybody."""
    passwords = {
        f"'{PLATFORM}'@'localhost'": platform_password(),
        f"'{PLATFORM}'@'{ADMIN_ADDRESS}'": platform_password(),
        f"'{PROBE}'@'{EDGE_ADDRESS}'": probe_password(),
        f"'{ARCHIVER}'@'localhost'": archiver_password(),
    }
    return [
        "SET SESSION sql_log_bin = OFF",
        *(f"ALTER USER IF EXISTS {account} {identified(password)}" for account, password in passwords.items()),
    ]


def admin_statements() -> list[str]:
    """Return what makes the super admin anew: locked, until it gets a password."""
    return [
        f"CREATE USER {ADMIN} ACCOUNT LOCK",
        f"GRANT {', '.join(PRIVILEGES + DYNAMIC_PRIVILEGES)} ON *.* TO {ADMIN} WITH GRANT OPTION",
        *(f"REVOKE {', '.join(KEPT_FROM_TENANTS)} ON {schema}.* FROM {ADMIN}" for schema in PLATFORM_SCHEMAS),
    ]


def standbys_statements() -> list[str]:
    """Return what makes the account of standbys: no password, but a certificate of the platform's (see ``identity``).

    It reads the log and copies files. By SYSTEM_USER tenants can't touch it; by CONNECTION_ADMIN a standby gets in
    where tenants have taken every connection: one that can't would stop their writes.
    """
    return [
        f"CREATE USER {STANDBYS} IDENTIFIED WITH caching_sha2_password AS '' REQUIRE SUBJECT '{SUBJECT}'",
        f"GRANT REPLICATION SLAVE ON *.* TO {STANDBYS}",
        f"GRANT BACKUP_ADMIN, CONNECTION_ADMIN, SYSTEM_USER ON *.* TO {STANDBYS}",
    ]


def make_standbys_account(session: Administration) -> None:
    """On a running primary: have what standbys need, where it is missing. The log of changes tells it to standbys."""
    there = {str(row[0]) for row in session.execute("SELECT plugin_name FROM information_schema.plugins")}
    for name, file in PLUGINS.items():
        if name not in there:
            session.execute(f"INSTALL PLUGIN {name} SONAME '{file}'")
    if not _is_ours(session):  # a tenant of before there was one may have made it
        for statement in (f"DROP USER IF EXISTS {STANDBYS}", *standbys_statements()):
            session.execute(statement)
    if not session.execute(CANARY_THERE):
        for statement in CANARY_TABLE:
            session.execute(statement)


def _is_ours(session: Administration) -> bool:
    ours = session.execute(
        f"SELECT 1 FROM mysql.user JOIN mysql.global_grants USING (user, host) WHERE user = '{STANDBY}'"  # noqa: S608
        f" AND host = '{EDGE_ADDRESS}' AND x509_subject = '{SUBJECT}' AND priv = 'SYSTEM_USER'"
    )
    return bool(ours)


def password_statement(user: str, password: str) -> str:
    """Return what gives a tenant's login a password and lifts whatever else could keep it from logging in."""
    return (
        f"ALTER USER '{escape_string(user)}'@'%' {identified(password)} REQUIRE NONE"
        " WITH MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0"
        " MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0"
        " PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK"
    )


def _platform(host: str) -> list[str]:
    return [
        f"CREATE USER '{PLATFORM}'@'{host}' {identified(platform_password())}",
        f"GRANT ALL ON *.* TO '{PLATFORM}'@'{host}' WITH GRANT OPTION",
    ]


def identified(password: str) -> str:
    """Return the clause with the password's verifier: the password itself is never sent or logged."""
    return f"IDENTIFIED WITH caching_sha2_password AS 0x{verifier(password).hex()}"
