"""The SQL that gives a database's readers, writers and owners their rights, now and for tables that come later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, LiteralString

from psycopg import sql

from datastores.logins import Rights

# Whoever may make tables in the database: default privileges hold for one maker each.
CREATORS: Final = """
    SELECT rolname FROM pg_roles
    WHERE NOT rolsuper AND rolname !~ '^pg_'
    -- who acts as another role makes nothing as itself
    AND NOT EXISTS (SELECT FROM pg_db_role_setting AS own, unnest(own.setconfig) AS setting
                    WHERE own.setrole = pg_roles.oid AND setting LIKE 'role=%%')
    AND (
        has_database_privilege(oid, %s, 'CREATE')
        OR EXISTS (SELECT FROM pg_namespace AS schema WHERE schema.nspname !~ '^pg_'
                   AND schema.nspname <> 'information_schema' AND has_schema_privilege(pg_roles.oid, schema.oid, 'CREATE')))
"""
# rights -> what they may do with which kind of object
CARRIED: Final[dict[Rights, tuple[tuple[LiteralString, LiteralString], ...]]] = {
    Rights.READ_ONLY: (("USAGE", "SCHEMAS"), ("SELECT", "TABLES"), ("SELECT", "SEQUENCES")),
    Rights.READ_WRITE: (
        ("USAGE", "SCHEMAS"),
        ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
        ("USAGE, SELECT, UPDATE", "SEQUENCES"),
        ("EXECUTE", "ROUTINES"),
    ),
    Rights.OWNER: (("ALL", "SCHEMAS"), ("ALL", "TABLES"), ("ALL", "SEQUENCES"), ("ALL", "ROUTINES")),
}


def grants(
    database: str, groups: Mapping[Rights, str], creators: Sequence[str], schemas: Sequence[str]
) -> Iterator[sql.Composed]:
    """Yield every statement; each may be run again. Owners own the database itself, so they make schemas and extensions."""
    name, owners = sql.Identifier(database), groups[Rights.OWNER]
    yield sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(owners))
    for rights in (Rights.READ_ONLY, Rights.READ_WRITE):
        yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(groups[rights]))
    yield sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(groups[Rights.READ_WRITE]))
    makers = sorted({*creators, owners})
    for rights, group in groups.items():
        yield from _inside(CARRIED[rights], sql.Identifier(group), makers, schemas)


def _inside(
    carried: Sequence[tuple[LiteralString, LiteralString]],
    group: sql.Identifier,
    makers: Sequence[str],
    schemas: Sequence[str],
) -> Iterator[sql.Composed]:
    """Yield the grants on what is there, and those on what each maker makes later."""
    for schema in map(sql.Identifier, schemas):
        for right, kind in carried:
            target = sql.SQL("SCHEMA {}" if kind == "SCHEMAS" else f"ALL {kind} IN SCHEMA {{}}").format(schema)
            yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(right), target, group)
    for maker in map(sql.Identifier, makers):
        for right, kind in carried:
            yield sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} ON {} TO {}").format(
                maker, sql.SQL(right), sql.SQL(kind), group
            )
