"""Extensions that the platform makes with a superuser's rights, inside databases that tenants have prepared."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.extensions import Offer, create_statement, offer_of
from datastores.sites.contract import NoAnswer
from datastores.sites.local.postgresql.databases import create_extension, databases, extensions
from tests.real.postgresql.conftest import Server

pytestmark = pytest.mark.real
FEATURES = {"pgcrypto", "uuid-ossp", "hstore", "citext", "pg_trgm", "btree_gist", "ltree", "unaccent"}
NEVER = {"dblink", "postgres_fdw", "file_fdw", "pg_surgery", "pageinspect", "pg_walinspect", "adminpack", "plperlu"}
# What a hostile owner sets for every session in the database, the platform's included.
PATH = "evil, public, pg_catalog"
SETTINGS = (f"search_path = {PATH}", "role = 'hwadmin'", "default_transaction_read_only = on",
            "statement_timeout = 1", "standard_conforming_strings = off")  # fmt: skip
# Functions and operators that would run as whoever calls them.
TRAPS = (
    "CREATE SCHEMA evil",
    "CREATE FUNCTION {}.trap() RETURNS void LANGUAGE sql AS 'ALTER ROLE hwadmin SUPERUSER'",
    "CREATE FUNCTION {}.eq(name, name) RETURNS boolean LANGUAGE sql AS 'SELECT {}.trap(); SELECT true'",
    "CREATE OPERATOR {}.= (leftarg = name, rightarg = name, function = {}.eq)",
    "CREATE FUNCTION {}.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT {}.trap(); SELECT $1'",
    "CREATE FUNCTION {}.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT {}.trap(); SELECT $1'",
    "CREATE TABLE {}.pg_extension (extname name)",
)


def set_traps(server: Server, database: str) -> None:
    with server.login(dbname=database) as admin:
        for trap in TRAPS:
            for schema in ("evil",) if "SCHEMA" in trap else ("evil", "public"):
                admin.execute(trap.replace("{}", schema))


@pytest.fixture
def fresh(server: Server) -> Iterator[str]:
    """A tenant's database without pgvector, so that there is something to make."""
    with server.login() as admin:
        admin.execute("CREATE DATABASE fresh TEMPLATE template0")
        yield "fresh"
        admin.execute("DROP DATABASE fresh")


def offer(server: Server, database: str) -> Offer:
    return offer_of(extensions(server.place, database), ENGINES["postgresql-vector"].extensions_on_request)


def owners(server: Server) -> set[str]:
    with server.login() as admin:
        return {row[0] for row in admin.execute("SELECT rolname FROM pg_roles WHERE rolsuper")}


def test_the_tenants_databases_are_listed(server: Server, fresh: str) -> None:
    found = {database.name: database for database in databases(server.place)}
    assert set(found) == {"defaultdb", fresh}
    assert found[fresh].owner == "hwadmin"
    assert found[fresh].size_bytes > 1_000_000
    assert found[fresh].open


def test_what_is_offered(server: Server, fresh: str) -> None:
    found = offer(server, fresh)
    assert [extension.name for extension in found.installed] == ["plpgsql"]
    assert {extension.name for extension in found.on_request} == {"vector", "pg_stat_statements"}
    assert {extension.name for extension in found.self_service} >= FEATURES
    assert not {extension.name for extension in [*found.self_service, *found.on_request]} & NEVER
    assert "vector" in {extension.name for extension in offer(server, "defaultdb").installed}


def test_a_tenant_can_create_every_one_of_the_self_service_list(server: Server, fresh: str) -> None:
    with server.login(dbname=fresh) as admin:
        for extension in offer(server, fresh).self_service:
            if extension.name != "earthdistance":  # needs cube first, and comes after it by name
                admin.execute(create_statement(extension))
    assert {extension.name for extension in offer(server, fresh).installed} >= FEATURES


@pytest.mark.parametrize("name", sorted(NEVER & {"dblink", "postgres_fdw", "file_fdw"}))
def test_a_tenant_can_t_create_what_is_not_offered(server: Server, fresh: str, name: str) -> None:
    with server.login(dbname=fresh) as admin, pytest.raises(psycopg.errors.InsufficientPrivilege):
        admin.execute(f"CREATE EXTENSION {name}")


def test_what_the_platform_makes_works_for_the_tenant(server: Server, fresh: str) -> None:
    for name in ("vector", "pg_stat_statements"):
        create_extension(server.place, fresh, name)
    with server.login(dbname=fresh) as admin:
        assert admin.execute("SELECT '[1,2]'::vector <-> '[1,3]'").fetchone() == (1.0,)
        admin.execute("SELECT 4711")
        seen = "SELECT bool_or(query = 'SELECT $1') FROM pg_stat_statements"
        assert admin.execute(seen).fetchone() == (True,)
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'"
        assert admin.execute(schemas).fetchall() == [("public",)]
    assert {extension.schema for extension in offer(server, fresh).installed} == {"pg_catalog", "public"}


def test_a_password_is_in_no_statement_that_the_extension_shows(server: Server, fresh: str) -> None:
    create_extension(server.place, fresh, "pg_stat_statements")
    server.engine.set_password(server.place, "hwadmin", server.access.password)
    with server.login(dbname=fresh) as admin:
        admin.execute("CREATE ROLE clerk PASSWORD 'a-secret-of-the-tenant'")
        seen = str(admin.execute("SELECT query FROM pg_stat_statements").fetchall())
        admin.execute("DROP ROLE clerk")
    assert "SCRAM" not in seen
    assert "a-secret-of-the-tenant" not in seen


@pytest.mark.parametrize("careless", ["SELECT 'a'::name = 'a'::name", "SELECT current_setting('port')"])
def test_the_traps_catch_a_careless_superuser(server: Server, fresh: str, careless: str) -> None:
    """Or the next test would prove nothing."""
    set_traps(server, fresh)
    superuser = f"host={server.place.sockets} port={server.place.port} user=headwater dbname={fresh}"
    with psycopg.connect(superuser, options=f"-c search_path={PATH.replace(' ', '')}") as platform:
        platform.execute(careless)
        caught = platform.execute(
            "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname::text OPERATOR(pg_catalog.=) 'hwadmin'"
        )
        assert caught.fetchone() == (True,)
        platform.rollback()
    assert owners(server) == {"headwater"}


@pytest.mark.parametrize("name", ["vector", "pg_stat_statements"])
def test_traps_in_the_database_catch_nobody(server: Server, fresh: str, name: str) -> None:
    set_traps(server, fresh)
    with server.login(dbname=fresh) as admin:
        for setting in SETTINGS:
            admin.execute(f"ALTER DATABASE {fresh} SET {setting}")
    assert extensions(server.place, fresh)
    create_extension(server.place, fresh, name)
    assert owners(server) == {"headwater"}
    assert name in {extension.name for extension in offer(server, fresh).installed}


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE TYPE vector AS (x int)",
        "CREATE FUNCTION hamming_distance(bit, bit) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0'",
        "CREATE FUNCTION apart(bit, bit) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0'; CREATE OPERATOR <~> (leftarg = bit, rightarg = bit, function = apart)",
        "CREATE FUNCTION l2_distance(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE vector (x int)",
    ],
)
def test_objects_of_the_same_name_are_refused_and_stay(server: Server, fresh: str, planted: str) -> None:
    with server.login(dbname=fresh) as admin:
        admin.execute(planted)
    with pytest.raises(Refusal, match="vector was not created"):
        create_extension(server.place, fresh, "vector")
    with server.login(dbname=fresh) as admin:
        assert admin.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^headwater'").fetchone() == (0,)
    assert "vector" not in {extension.name for extension in offer(server, fresh).installed}


def test_twice_is_refused(server: Server, fresh: str) -> None:
    create_extension(server.place, fresh, "vector")
    with pytest.raises(Refusal, match="has it already"):
        create_extension(server.place, fresh, "vector")


def test_without_the_schema_public_it_says_so(server: Server, fresh: str) -> None:
    with server.login(dbname=fresh) as admin:
        admin.execute("DROP SCHEMA public CASCADE")
    with pytest.raises(Refusal, match="no schema public"):
        create_extension(server.place, fresh, "vector")


def test_a_database_that_takes_no_connections(server: Server, fresh: str) -> None:
    with server.login() as admin:
        admin.execute(f"ALTER DATABASE {fresh} ALLOW_CONNECTIONS false")
    assert not next(found for found in databases(server.place) if found.name == fresh).open
    with pytest.raises(NoAnswer):
        extensions(server.place, fresh)
    with pytest.raises(NoAnswer):
        extensions(server.place, "no-such-database")
