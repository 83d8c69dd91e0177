"""Makes a PostgreSQL data directory with the platform's roles, the super admin and the default database."""

from __future__ import annotations

import subprocess
from pathlib import Path

from datastores.engines.postgresql import PostgreSQL
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE, PROBE, probe_password
from datastores.sites.local.postgresql.programs import program

# Nothing of the starter's environment: PG* variables and locales would change what is made.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
LONGEST_SECONDS = 120
TEMPLATE = "template1"  # what CREATE DATABASE copies


class InitialisationError(Exception):
    """PostgreSQL's own initialiser failed; its last words are the text. They hold no secret."""


def initialise(data: Path, *, extensions: tuple[str, ...] = ()) -> None:
    """Run initdb, then one session of the single-user mode, then write everything to disk.

    The built-in locale keeps the order of texts the same on every machine, so that a directory, a standby
    and a backup agree. Checksums let damage be seen, and pg_rewind work. ``extensions`` are made in the
    template first, so that the default database and every later one has them.
    """
    _run(
        "initdb",
        "--pgdata",
        str(data),
        "--username",
        PLATFORM,
        "--auth",
        "reject",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
        "--locale-provider",
        "builtin",
        "--builtin-locale",
        "C.UTF-8",
        "--data-checksums",
        "--no-sync",
        "--no-instructions",
    )
    _run(
        "postgres",
        "--single",
        "-j",
        "-D",
        str(data),
        "-c",
        "exit_on_error=on",
        "-c",
        "log_min_error_statement=panic",
        "-c",
        "fsync=off",
        TEMPLATE,
        # Single-user mode with -j ends a statement at a semicolon and an empty line.
        words="".join(f"{statement};\n\n" for statement in _statements(extensions)),
    )
    _run("initdb", "--sync-only", "--pgdata", str(data))


def _statements(extensions: tuple[str, ...]) -> list[str]:
    """Return the SQL that makes extensions, roles and the default database. No name in it comes from a person."""
    admin, database = PostgreSQL.admin_user, PostgreSQL.default_database
    return [
        *(f'CREATE EXTENSION "{extension}" SCHEMA public' for extension in extensions),
        f"CREATE ROLE {admin} LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS",
        # With the right to pass them on, so that a tenant can make logins for monitoring and maintenance.
        f"GRANT pg_monitor, pg_signal_backend, pg_maintain TO {admin} WITH ADMIN OPTION",
        f"CREATE ROLE {PROBE} LOGIN REPLICATION PASSWORD '{probe_password()}'",
        f"GRANT pg_use_reserved_connections TO {PROBE}",
        f"REVOKE ALL ON DATABASE {PLATFORM_DATABASE}, {TEMPLATE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {PLATFORM_DATABASE} TO {PROBE}",
        f"CREATE DATABASE {database} OWNER {admin}",
    ]


def _run(name: str, *arguments: str, words: str = "") -> None:
    ended = subprocess.run(
        [str(program(name)), *arguments],
        check=False,
        input=words,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd="/",
        umask=0o077,
        timeout=LONGEST_SECONDS,
    )
    if ended.returncode != 0:
        last = (ended.stderr.strip() or "no word").splitlines()[-1]
        raise InitialisationError(f"{name} ended with {ended.returncode}: {last}")
