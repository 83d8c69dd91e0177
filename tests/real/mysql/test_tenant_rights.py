"""What a tenant's super admin may do, and every known way from SQL to the host, which must be closed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pymysql
import pytest
from django.conf import settings

from datastores.sites.local.mysql.accounts import PRIVILEGES
from datastores.sites.local.mysql.logins import platform_login, trusting
from datastores.sites.local.mysql.names import ADMIN_ADDRESS, platform_password, probe_password
from host.sandbox import Sandbox
from host.trees import Programs

from .conftest import Server, execute
from .ways import AGAINST_AN_ACCOUNT, DENIED, PLATFORM_ACCOUNTS, WAYS_TO_MORE_RIGHTS, WAYS_TO_THE_HOST

pytestmark = pytest.mark.real


@pytest.fixture(scope="module", autouse=True)
def table(server: Server) -> None:
    server.run("CREATE TABLE lines_of_text (line TEXT)")
    server.run("CREATE USER boss@'%'")


@pytest.mark.parametrize(
    "attempt",
    [
        *WAYS_TO_THE_HOST,
        *WAYS_TO_MORE_RIGHTS,
        *(one.format(account) for account in PLATFORM_ACCOUNTS for one in AGAINST_AN_ACCOUNT),
    ],
)
def test_it_is_denied(server: Server, attempt: str) -> None:
    with platform_login(server.place) as platform, server.login(local_infile=True) as admin:
        session = execute(platform, "SELECT CONNECTION_ID()")[0][0]
        statement = attempt.format(platform=session) if "{platform}" in attempt else attempt
        before = rights(platform)
        with pytest.raises(pymysql.MySQLError) as error:
            execute(admin, statement)
        assert error.value.args[0] in DENIED, error.value
        assert rights(platform) == before


@pytest.mark.parametrize("attempt", ["SELECT LOAD_FILE('/etc/passwd')", "SELECT LOAD_FILE('/etc/hostname')"])
def test_no_file_can_be_read(server: Server, attempt: str) -> None:
    assert server.run(attempt) == [(None,)]


def test_code_of_other_languages_does_not_run(server: Server) -> None:
    with server.login() as admin:
        execute(admin, "CREATE FUNCTION js() RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT AS 'return 1'")
        with pytest.raises(pymysql.MySQLError):
            execute(admin, "SELECT js()")


def test_accounts_and_roles_get_no_further_than_their_maker(server: Server) -> None:
    everything = ", ".join(PRIVILEGES)
    with server.login() as admin:
        execute(admin, "CREATE USER deputy@'%' IDENTIFIED BY 'deputy'")
        execute(admin, f"GRANT {everything} ON *.* TO deputy@'%' WITH GRANT OPTION")
        execute(admin, "CREATE ROLE wide")
        execute(admin, f"GRANT {everything} ON *.* TO wide WITH GRANT OPTION")
        execute(admin, "GRANT wide TO hwadmin@'%', deputy@'%' WITH ADMIN OPTION")
    for user, password in (("hwadmin", server.access.password), ("deputy", "deputy")):
        for role in ("NONE", "wide"):
            with server.login(user=user, password=password) as client:
                execute(client, f"SET ROLE {role}")
                for attempt in (
                    "INSERT INTO mysql.user (Host, User) VALUES ('%', 'boss')",
                    "INSERT INTO mysql.func VALUES ('f', 0, 'x.so', 'function')",
                    "CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so'",
                    "GRANT INSERT ON mysql.* TO deputy@'%'",
                    "CREATE PROCEDURE sys.mine() SELECT 1",
                    "DROP USER headwater@localhost",
                    "SELECT 1 INTO OUTFILE '/tmp/tenant'",
                    "SET GLOBAL max_connections = 1000",
                ):
                    with pytest.raises(pymysql.MySQLError) as error:
                        execute(client, attempt)
                    assert error.value.args[0] in DENIED


@pytest.mark.parametrize("user", ["headwater", "root", "mysql.session", "mysql.sys"])
def test_powerful_accounts_can_not_come_through_the_edge(server: Server, user: str) -> None:
    with pytest.raises(pymysql.MySQLError, match="Access denied"):
        server.login(user=user, password=platform_password(), database=None)


def test_the_administrative_address_is_for_the_platform(server: Server) -> None:
    context = trusting(server.ca)
    context.check_hostname = False  # the certificate bears the names for clients
    for user, password in (("hwadmin", server.access.password), ("hw_probe", probe_password())):
        with pytest.raises(pymysql.MySQLError, match="Access denied"):
            server.login(host=ADMIN_ADDRESS, user=user, password=password, ssl=context, database=None)


def test_only_loopback_is_listened_on(server: Server) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
    port = f":{server.place.port:04X}"
    addresses = {line.split()[1] for line in listening if line.split()[3] == "0A" and line.split()[1].endswith(port)}
    assert addresses == {f"0100007F{port}", f"0200007F{port}"}


def test_a_tenant_has_what_a_tenant_needs(server: Server) -> None:
    with server.login() as admin:
        for statement in (
            "CREATE DATABASE shop",
            "CREATE USER app@'%' IDENTIFIED BY 'app'",
            "GRANT ALL ON shop.* TO app@'%' WITH GRANT OPTION",
            "ALTER USER app@'%' IDENTIFIED BY 'app2' RETAIN CURRENT PASSWORD",
            "CREATE ROLE reader",
            "GRANT SELECT ON shop.* TO reader",
            "GRANT reader TO app@'%'",
            "SET DEFAULT ROLE ALL TO app@'%'",
            "SHOW GRANTS FOR app@'%'",
            "SHOW CREATE USER app@'%'",
            "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, placed DATETIME)",
            "CREATE TRIGGER shop.t BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.placed = NOW()",
            "CREATE FUNCTION shop.f() RETURNS INT RETURN 1",
            "CREATE DEFINER = app@'%' PROCEDURE shop.p() SELECT 1",
            "CREATE DEFINER = app@'%' VIEW shop.v AS SELECT 1",
            "CREATE EVENT shop.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.orders",
            "INSERT INTO shop.orders (id) VALUES (1)",
            "FLUSH TABLES WITH READ LOCK",
            "UNLOCK TABLES",
            "LOCK TABLES shop.orders WRITE",
            "UNLOCK TABLES",
            "SHOW BINARY LOGS",
            "SHOW BINARY LOG STATUS",
            "SHOW ENGINE INNODB STATUS",
            "SHOW PROCESSLIST",
            "XA RECOVER",
            "DROP DATABASE shop",
            "DROP USER app@'%'",
        ):
            execute(admin, statement)


def test_no_password_and_no_key_lie_in_the_data_directory_or_the_log(server: Server) -> None:
    server.engine.set_password(server.place, "hwadmin", server.access.password)
    server.probe()
    files = [path for path in server.place.data.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in [*files, server.log])
    key = (server.place.configuration / "server.key").read_bytes()
    assert b"PRIVATE KEY" in key
    for secret in (
        b"PRIVATE KEY",
        *(
            text.encode()
            for text in (
                platform_password(),
                probe_password(),
                server.access.password,
            )
        ),
    ):
        assert secret not in content


def test_the_server_runs_confined(server: Server) -> None:
    """Even the platform's account can't have the server write a file of its neighbours."""
    protection = Sandbox.of_this_machine(Programs(settings.HOME.engines)).describe()
    if not protection.active:
        pytest.skip(protection.sentence)
    outside, inside = settings.HOME.nodes / "neighbour.log", server.place.data / "inside.log"
    with platform_login(server.place) as platform:
        execute(platform, f"SET GLOBAL slow_query_log_file = '{inside}', GLOBAL slow_query_log = ON")
        assert inside.exists()
        execute(platform, "SET GLOBAL slow_query_log = OFF")
        with contextlib.suppress(pymysql.MySQLError):
            execute(platform, f"SET GLOBAL slow_query_log_file = '{outside}'")
            execute(platform, "SET GLOBAL slow_query_log = ON")
    assert not outside.exists()


def rights(platform: pymysql.Connection[Any]) -> list[list[tuple[Any, ...]]]:
    """Return every account with its powers, to see that an attempt changed nothing."""
    tables = ("user", "global_grants", "role_edges", "db", "tables_priv", "procs_priv", "proxies_priv", "func")
    rows = [execute(platform, f"SELECT * FROM mysql.{table}") for table in tables]  # noqa: S608
    return [*rows, execute(platform, "SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE '%gtid%'")]
