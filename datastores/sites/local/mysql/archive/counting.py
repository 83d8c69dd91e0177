"""Counts every table of a MySQL server in one snapshot, and compares a restored copy with what was counted at the source.

The log itself says which tables were written to after the count: those are only counted again. All others must have exactly as many
rows.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

import pymysql
from pymysql.converters import escape_string

from datastores.sites.local.archive.contract import ArchiverError, Comparison
from datastores.sites.local.binlogs.events import EVERYTHING
from datastores.sites.local.binlogs.transactions import Transactions
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.archive.client import call
from datastores.sites.local.mysql.archive.replaying import chain_of
from datastores.sites.local.mysql.databases import SYSTEM
from datastores.sites.local.mysql.logins import administration
from host.files import write_private
from host.jobs import Command

FILE: Final = "count.sql"
TABLES: Final = (
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"  # noqa: S608
    f" AND engine = 'InnoDB' AND table_schema NOT IN {SYSTEM} ORDER BY table_schema, table_name"
)
# What was committed before the snapshot is in it; what is committed meanwhile may be, and then counts as written later.
BEGIN: Final = (
    "SET SESSION lock_wait_timeout = 20;",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;",
    "SELECT JSON_OBJECT('through', @@GLOBAL.gtid_executed);",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;",
)


def count(place: Place) -> Command:
    """Return what counts. Tables that are dropped meanwhile are left out. Raises ArchiverError."""
    try:
        with administration(place) as session:
            tables = session.execute(TABLES)
    except (pymysql.Error, OSError):
        raise ArchiverError("The server did not answer.") from None
    lines = [*BEGIN, *(_query(str(schema), str(name)) for schema, name in tables)]
    file = place.directory / FILE
    write_private(file, "\n".join([*lines, ""]))
    client = call(place, "mysql", "--batch", "--skip-column-names", "--raw", "--force")
    return Command(["sh", "-c", f"{shlex.join(client)} <{shlex.quote(str(file))} || true"])


def counted(place: Place, output: str) -> dict[str, Any]:
    """Return the tables with their rows, and the transactions up to which they were counted. A copy says
    also which tables its log has touched, each with the last transaction that did."""
    found: dict[str, Any] = {"through": "", "tables": {}}
    for line in output.splitlines():
        if line.startswith("{"):
            found["through"] = json.loads(line)["through"].replace("\n", "")
        elif line.startswith("["):
            name, rows = json.loads(line)
            found["tables"][name] = rows
    chain = chain_of(place)
    return found | ({"touched": chain.touched} if chain else {})


def compare(manifest: Mapping[str, Any], copy: Mapping[str, Any]) -> Comparison:
    """Hold a copy against the manifest."""
    tables: dict[str, int] = copy["tables"]
    if not manifest:
        return Comparison(len(tables), sum(tables.values()))
    through, touched = Transactions.parse(manifest["through"]), copy.get("touched", {})
    problems = []
    for name, rows in manifest["tables"].items():
        if any(not Transactions.parse(touched[word]) <= through for word in _words(name) if word in touched):
            continue
        if name not in tables:
            problems.append(f"{name} is missing")
        elif tables[name] != rows:
            problems.append(f"{name} has {tables[name]:,} rows instead of {rows:,}")
    return Comparison(len(tables), sum(tables.values()), problems)


def _words(table: str) -> list[str]:
    """Return what may stand for a table in what the log has touched."""
    schema, _, name = table.partition(".")
    return [EVERYTHING, table, schema, name]


def _query(schema: str, name: str) -> str:
    table = f"`{schema.replace('`', '``')}`.`{name.replace('`', '``')}`"
    label = escape_string(f"{schema}.{name}")
    return f"SELECT JSON_ARRAY('{label}', COUNT(*)) FROM {table};"  # noqa: S608 - quoted
