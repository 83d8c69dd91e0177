"""Counts every table of a PostgreSQL server, and compares a restored copy with what was counted at the source.

Rows are counted by a login that may read and nothing else, in a transaction that can't write: planning a query can run
functions of a tenant, so it must not happen as the superuser. The figures of the source and those of a copy that was restored to
a later moment differ by what was written in between. How much that was at most the server's own statistics tell, table by table:
a table that was not touched must have exactly as many rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from datastores.sites.local.archive.contract import ArchiverError, Comparison
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.databases import OWN_SETTINGS
from datastores.sites.local.postgresql.logins import platform_login, visiting_login
from datastores.sites.local.postgresql.names import READER
from datastores.sites.local.postgresql.programs import program
from host.jobs import Command

ROLE: Final = f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN
            CREATE ROLE {READER} LOGIN REPLICATION BYPASSRLS IN ROLE pg_read_all_data;
        END IF;
    END $$
"""
DATABASES: Final = f"""
    SELECT datname FROM pg_database
    WHERE datallowconn AND datname NOT IN ('template0', 'template1', 'postgres')
      AND has_database_privilege('{READER}', oid, 'CONNECT')
    ORDER BY datname COLLATE "C"
"""  # noqa: S608 - a fixed name
TABLES: Final = """
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
    WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND c.relpersistence = 'p'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
FIGURES: Final = "coalesce(s.n_tup_ins, 0), coalesce(s.n_tup_del, 0), pg_relation_filenode(c.oid)::bigint"
COUNTING: Final = f"""
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SELECT coalesce(jsonb_agg(jsonb_build_array(n.nspname, c.relname, {FIGURES}, (xpath('/row/rows/text()', query_to_xml(
        format('SELECT count(*) AS rows FROM ONLY %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::bigint)), '[]')
    {TABLES}
"""  # noqa: S608 - fixed names
CHANGES: Final = f"SELECT n.nspname, c.relname, {FIGURES} {TABLES}"
OPTIONS: Final = " ".join(
    f"-c {setting}"
    for setting in (
        "search_path=pg_catalog,pg_temp",
        "default_transaction_read_only=on",
        "role=none",
        "lock_timeout=20s",
    )
)
# One line per database: its tables as JSON, or null where it could not be counted.
SCRIPT: Final = (
    'psql=$1; query=$2; shift 2; for each; do "$psql" -AtqXv ON_ERROR_STOP=1 -c "$query" "$each" || echo null; done'
)
Tables = dict[str, tuple[int, int, int | None, int]]  # inserted, deleted, file, rows


def make_reader(place: Place) -> None:
    """Make the login that counts where there is none. Raises ArchiverError."""
    try:
        with platform_login(place) as connection:
            connection.execute(ROLE)
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None


def databases(place: Place) -> list[str]:
    """Return the databases that can be counted."""
    try:
        with platform_login(place) as connection:
            return [str(name) for (name,) in connection.execute(DATABASES)]
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None


def count(place: Place) -> Command:
    """Return what counts every table: one snapshot per database."""
    ways = [
        make_conninfo(
            host=str(place.sockets),
            port=place.port,
            user=READER,
            dbname=name,
            replication="database",
            options=OPTIONS,
            application_name="headwater",
        )
        for name in databases(place)
    ]
    return Command(["sh", "-c", SCRIPT, "count", str(program("psql")), COUNTING, *ways])


def counted(place: Place, output: str) -> dict[str, Any]:
    """Return each database's tables; None for one that could not be counted."""
    lines = [line for line in output.splitlines() if line.startswith(("[", "null"))]
    return {name: json.loads(line) for name, line in zip(databases(place), lines, strict=False)}


def changes(place: Place) -> dict[str, Any]:
    """Read the statistics of every database of the running source. Reads catalogues only."""
    found: dict[str, Any] = {}
    try:
        for name in databases(place):
            with visiting_login(place, name, OWN_SETTINGS) as connection:
                found[name] = [list(row) for row in connection.execute(CHANGES)]
    except psycopg.OperationalError:
        raise ArchiverError("The server did not answer.") from None
    return found


def compare(manifest: Mapping[str, Any], now: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
    """Hold a copy against the manifest.

    ``now`` are the source's later statistics. A table that had r rows, of which d were deleted since while i were inserted,
    has between r - d and r + i in the copy. One that the source has dropped or rewritten since is only counted.
    """
    tables, rows, problems = 0, 0, []
    for database, listed in manifest.items():
        if listed is None:
            continue
        found = copy.get(database)
        if found is None:
            problems += [f"database {database} is missing"] if database in now else []
            continue
        there, later = _tables(found), _tables(now.get(database) or [])
        for name, before in _tables(listed).items():
            problems += _differences(f"{database}: {name}", before, there.get(name), later.get(name))
        tables += len(there)
        rows += sum(each[3] for each in there.values())
    return Comparison(tables, rows, problems)


def _tables(listed: list[list[Any]]) -> Tables:
    return {
        f"{schema}.{name}": (inserted, deleted, file, rows[0] if rows else 0)
        for schema, name, inserted, deleted, file, *rows in listed
    }


def _differences(
    name: str,
    before: tuple[int, int, int | None, int],
    found: tuple[int, int, int | None, int] | None,
    later: tuple[int, int, int | None, int] | None,
) -> list[str]:
    """Say what is wrong with one table of the copy."""
    if later is None or later[2] != before[2]:  # dropped, truncated or rewritten since
        return []
    if later[0] < before[0] or later[1] < before[1]:  # the statistics began anew
        return [] if found else [f"{name} is missing"]
    if found is None:
        return [f"{name} is missing"]
    least, most = before[3] - (later[1] - before[1]), before[3] + (later[0] - before[0])
    if least <= found[3] <= most:
        return []
    wanted = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return [f"{name} has {found[3]:,} rows instead of {wanted}"]
