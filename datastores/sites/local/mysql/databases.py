"""Looks at the databases of a MySQL node: their names, how many tables they hold and what these take of the disk.

Only the server's own dictionary is read, so nothing that a tenant has made is opened, waited for or run. Sizes are
those of the files, since the figures of INFORMATION_SCHEMA.TABLES are up to a day old. Every table has a file of
its own: tenants can't make tablespaces.
"""

from __future__ import annotations

from typing import Final

import pymysql

from datastores.extensions import LogicalDatabase
from datastores.sites.contract import NoAnswer
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.logins import Administration, administration

SYSTEM: Final = ("mysql", "sys", "information_schema", "performance_schema")
NAMES: Final = "SELECT schema_name FROM information_schema.schemata ORDER BY schema_name"
TABLES: Final = """
    SELECT table_schema, count(*) FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' GROUP BY table_schema
"""
# A tablespace is named "database/table". Either may contain a slash, which the directory of the file spells "@002f".
SIZES: Final = """
    SELECT substring_index(name, '/', 1 + (char_length(folder) - char_length(replace(folder, '@002f', ''))) DIV 5)
               AS of_database,
           CAST(sum(file_size) AS SIGNED)
    FROM (
        SELECT CONVERT(space.name USING utf8mb4) COLLATE utf8mb4_bin AS name, space.file_size,
               substring_index(substring_index(file.path, '/', -2), '/', 1) AS folder
        FROM information_schema.innodb_tablespaces AS space
        JOIN information_schema.innodb_datafiles AS file ON file.space = space.space
        WHERE space.space_type = 'Single'
    ) AS files
    GROUP BY of_database
"""


def databases(place: Place) -> list[LogicalDatabase]:
    """Return the tenants' databases with their sizes in bytes; raises NoAnswer."""
    try:
        with administration(place) as session:
            names = [str(row[0]) for row in session.execute(NAMES)]
            tables, sizes = _figures(session, TABLES), _figures(session, SIZES)
    except (pymysql.Error, OSError):
        raise NoAnswer("The server did not answer.") from None
    return [
        LogicalDatabase(name, "", sizes.get(name, 0), open=True, holds=_counted(tables.get(name, 0)))
        for name in names
        if name not in SYSTEM
    ]


def _figures(session: Administration, query: str) -> dict[str, int]:
    return {str(name): int(str(figure)) for name, figure in session.execute(query)}


def _counted(tables: int) -> str:
    return f"{tables:,} table{'' if tables == 1 else 's'}"
