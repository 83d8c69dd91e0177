"""What a tenant's super admin may do, and every known way from SQL to the host, which must be closed."""

from __future__ import annotations

import socket

import psycopg
import pytest
from django.conf import settings
from psycopg import errors

from datastores.sites.local.postgresql.logins import platform_login
from datastores.sites.local.postgresql.names import probe_password
from host.sandbox import Sandbox
from host.trees import Programs

from .conftest import Server

pytestmark = pytest.mark.real

DENIED = (errors.InsufficientPrivilege, errors.ReservedName)
WAYS_TO_THE_HOST = (
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "CREATE TEMP TABLE t (line text); COPY t FROM PROGRAM 'id'",
    "CREATE TEMP TABLE t (line text); COPY t FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/tmp/tenant'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_read_binary_file('global/pg_control')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/tenant')",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_ident_file_mappings",
    "SELECT * FROM pg_file_settings",
    "SELECT rolpassword FROM pg_authid",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE EXTENSION pageinspect",
    "CREATE EXTENSION amcheck",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/lib/x86_64-linux-gnu/libc.so.6', 'abs'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'pg_read_file_all'",
    "CREATE LANGUAGE untrusted HANDLER plpgsql_call_handler",
    "CREATE TABLESPACE elsewhere LOCATION '/tmp'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p",
    "CREATE EVENT TRIGGER e ON login EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
    "ALTER SYSTEM SET archive_command = 'id'",
    "ALTER SYSTEM RESET ALL",
    "SET archive_command = 'id'",
    "ALTER DATABASE defaultdb SET session_preload_libraries = 'x'",
    "ALTER ROLE hwadmin SET dynamic_library_path = '/tmp'",
    "LOAD '/lib/x86_64-linux-gnu/libc.so.6'",
    "SELECT pg_reload_conf()",
    "SELECT pg_promote()",
)
WAYS_TO_MORE_RIGHTS = (
    "SET ROLE headwater",
    "SET SESSION AUTHORIZATION headwater",
    "SET ROLE hw_probe",
    "ALTER ROLE headwater PASSWORD 'known'",
    "ALTER ROLE headwater NOLOGIN",
    "ALTER ROLE headwater RENAME TO mine",
    "DROP ROLE headwater",
    "DROP ROLE hw_probe",
    "ALTER ROLE hw_probe PASSWORD 'known'",
    "ALTER ROLE hwadmin SUPERUSER",
    "CREATE ROLE boss SUPERUSER",
    "GRANT headwater TO hwadmin",
    "GRANT hw_probe TO hwadmin",
    "GRANT pg_execute_server_program TO hwadmin",
    "GRANT pg_read_server_files TO hwadmin",
    "GRANT pg_write_server_files TO hwadmin",
    "GRANT pg_create_subscription TO hwadmin",
    "GRANT pg_use_reserved_connections TO hwadmin",
    "CREATE ROLE reader IN ROLE pg_read_server_files",
    "ALTER DATABASE postgres OWNER TO hwadmin",
    "ALTER DATABASE postgres SET search_path = public",
    "DROP DATABASE postgres",
    "GRANT CONNECT ON DATABASE postgres TO hwadmin",
    "UPDATE pg_authid SET rolsuper = true",
    "CREATE FUNCTION pg_catalog.version2() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'headwater'",
)


@pytest.mark.parametrize("attempt", WAYS_TO_THE_HOST + WAYS_TO_MORE_RIGHTS)
def test_it_is_denied(server: Server, attempt: str) -> None:
    with platform_login(server.place), server.login() as admin:
        began = _rights(admin)
        with pytest.raises(_expected(attempt)):
            admin.execute(attempt)
        assert _rights(admin) == began


def test_created_roles_get_no_further_than_their_maker(server: Server) -> None:
    with server.login() as admin:
        admin.execute("CREATE ROLE deputy LOGIN CREATEROLE CREATEDB REPLICATION PASSWORD 'deputy'")
    with server.login(user="deputy", password="deputy") as deputy:
        for attempt in WAYS_TO_MORE_RIGHTS:
            if not attempt.startswith("SELECT"):  # there may be no such backend to end
                with pytest.raises(psycopg.Error):
                    deputy.execute(attempt)
        with pytest.raises(DENIED):
            deputy.execute("COPY (SELECT 1) TO PROGRAM 'id'")


@pytest.mark.parametrize("user", ["headwater", "postgres"])
def test_the_platforms_superuser_can_not_come_over_the_network(server: Server, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"rejects connection|password authentication failed"):
        server.login(user=user, password="guess", dbname="postgres")


@pytest.mark.parametrize("user", ["hwadmin", "hw_probe"])
def test_the_socket_is_the_platforms_alone(server: Server, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="rejects connection"):
        psycopg.connect(
            host=str(server.place.sockets),
            port=server.place.port,
            user=user,
            dbname="defaultdb",
            password=server.access.password,
        )


@pytest.mark.parametrize("database", ["postgres", "template1", "template0"])
def test_the_platforms_databases_are_closed(server: Server, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"permission denied|not currently accepting"):
        server.login(dbname=database)


def test_a_copy_of_the_directory_holds_no_configuration_key_or_usable_login(server: Server) -> None:
    """A super admin may replicate, so a base backup is theirs to take: their own data, and nothing else."""
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry for replication"):
        server.login(replication="true")
    content = b"".join(path.read_bytes() for path in server.place.data.rglob("*") if path.is_file())
    key = (server.place.configuration / "server.key").read_bytes()
    assert b"PRIVATE KEY" in key
    assert b"PRIVATE KEY" not in content
    assert probe_password().encode() not in content
    assert server.access.password.encode() not in content


def test_a_tenant_has_what_a_tenant_needs(server: Server) -> None:
    with server.login() as admin:
        for statement in (
            "CREATE ROLE app LOGIN PASSWORD 'app'",
            "CREATE DATABASE shop OWNER app",
            "GRANT pg_monitor TO app",
            "CREATE SCHEMA mine AUTHORIZATION app",
            "CREATE TABLE public.orders (id bigint PRIMARY KEY)",
            "CREATE EXTENSION pgcrypto",
            "CREATE EXTENSION pg_trgm",
            "CREATE EXTENSION hstore",
            "CREATE PUBLICATION changes FOR TABLE public.orders",
            "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')",
            "SELECT pg_drop_replication_slot('cdc')",
            "VACUUM ANALYZE",
            "SET work_mem = '16MB'",
        ):
            admin.execute(statement)
        assert admin.execute("SELECT sum(x) FROM generate_series(1, 10) x").fetchone() == (55,)
    with server.login(user="app", password="app", dbname="shop") as app:
        app.execute("CREATE TABLE items (id int)")


def test_the_server_runs_confined(server: Server) -> None:
    """Even the platform's superuser can't have the server open a file of its neighbours."""
    protection = Sandbox.of_this_machine(Programs(settings.HOME.engines)).describe()
    if not protection.active:
        pytest.skip(protection.sentence)
    outside = settings.HOME.nodes / "neighbour"
    outside.write_text("secret")
    with platform_login(server.place) as platform, pytest.raises(errors.InsufficientPrivilege):
        platform.execute(f"SELECT pg_read_file('{outside}')")


def test_only_loopback_is_listened_on(server: Server) -> None:
    own_address = next(
        (
            info[4][0]
            for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
            if not str(info[4][0]).startswith("127.")
        ),
        None,
    )
    with server.login() as admin:
        assert admin.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
    if own_address:
        with socket.socket() as client:
            assert client.connect_ex((own_address, server.access.port)) != 0


def _expected(attempt: str) -> type[psycopg.Error] | tuple[type[psycopg.Error], ...]:
    """Return how PostgreSQL says no to it."""
    if attempt.startswith("ALTER SYSTEM"):
        return errors.FeatureNotSupported  # allow_alter_system = off
    return errors.CantChangeRuntimeParam if attempt.startswith("SET archive") else DENIED


def _rights(connection: psycopg.Connection) -> object:
    """Return every role with its powers and every membership, to see that an attempt changed nothing."""
    roles = "SELECT rolname, rolsuper, rolcreaterole, rolcanlogin FROM pg_roles ORDER BY 1"
    members = "SELECT roleid::regrole::text, member::regrole::text, admin_option FROM pg_auth_members"
    databases = "SELECT datname, datdba::regrole::text, datacl::text FROM pg_database ORDER BY 1"
    return [sorted(connection.execute(query).fetchall(), key=repr) for query in (roles, members, databases)]
