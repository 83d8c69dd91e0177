"""Databases and logins that the platform makes for tenants in MySQL: each right, its limits, and its successor."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from console.errors import Refusal
from datastores.engines.contract import Access
from datastores.engines.mysql import MySQL
from datastores.engines.trial import LoginFailure, Part
from datastores.logins import Rights, login_name
from datastores.sites.tenants import NewLogin, Successor
from tests.real.mysql.conftest import Server

pytestmark = pytest.mark.real
SHOP = "my_shop`%é"


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[str]:
    """A database with a table of the super admin's, and one whose name the pattern of the first would fit."""
    server.engine.create_database(server.place, SHOP)
    server.engine.create_database(server.place, SHOP.replace("_", "x"))
    server.run("CREATE TABLE items (name text)", database=SHOP)
    server.run("INSERT INTO items VALUES ('tea')", database=SHOP)
    yield SHOP
    server.engine.drop_database(server.place, SHOP)
    assert (SHOP,) not in server.run("SHOW DATABASES")


def make(server: Server, rights: Rights) -> NewLogin:
    login = NewLogin(login_name(SHOP, rights), "pass word-'1\\", SHOP, rights)
    server.engine.create_login(server.place, login)
    return login


def run(server: Server, login: NewLogin | Successor, statement: str) -> list[tuple[object, ...]]:
    return server.run(statement, user=login.name, password=login.password, database=login.database)


def test_a_database_is_made_once(server: Server, shop: str) -> None:
    with pytest.raises(Refusal, match="already"):
        server.engine.create_database(server.place, shop)


@pytest.mark.parametrize(
    ("rights", "allowed", "refused"),
    [
        (Rights.READ_ONLY, ["SELECT * FROM items"], ["INSERT INTO items VALUES ('x')", "CREATE TABLE mine (a int)"]),
        (
            Rights.READ_WRITE,
            ["INSERT INTO items VALUES ('x')", "DELETE FROM items WHERE name = 'x'"],
            ["DROP TABLE items", "CREATE TABLE mine (a int)"],
        ),
        (Rights.OWNER, ["CREATE TABLE mine (a int)", "DROP TABLE mine"], ["CREATE USER x", "SELECT * FROM mysql.user"]),
    ],
)
def test_each_right_and_its_limits(
    server: Server, shop: str, rights: Rights, allowed: list[str], refused: list[str]
) -> None:
    login = make(server, rights)
    server.run("CREATE TABLE IF NOT EXISTS later (a int)", database=shop)
    assert run(server, login, "SELECT count(*) FROM later") == [(0,)]
    for statement in allowed:
        run(server, login, statement)
    for statement in refused:
        with pytest.raises(pymysql.err.OperationalError):
            run(server, login, statement)
    for other in ("defaultdb", shop.replace("_", "x")):
        with pytest.raises(LoginFailure) as failure:
            attempt(server, login.name, login.password, other)
        assert failure.value.part is Part.RIGHT
    hosts = server.run(f"SHOW GRANTS FOR '{login.name}'@'127.0.0.1'")
    assert len(hosts) == 2


def test_a_login_is_succeeded_and_retired(server: Server, shop: str) -> None:
    first = make(server, Rights.READ_WRITE)
    second = Successor(login_name(shop, Rights.READ_WRITE), "another", shop, "", Rights.READ_WRITE)
    server.engine.succeed_login(server.place, second)
    with server.login(user=first.name, password=first.password, database=shop) as session:
        assert server.engine.login_sessions(server.place, first.name) == 1
        run(server, second, "INSERT INTO items VALUES ('x')")
        server.engine.retire_login(server.place, first.name, "")
        with pytest.raises(pymysql.err.Error):
            session.ping(reconnect=False)
    with pytest.raises(LoginFailure) as failure:
        attempt(server, first.name, first.password, shop)
    assert failure.value.part is Part.PASSWORD


def test_an_imported_login_is_succeeded_with_all_its_rights(server: Server, shop: str) -> None:
    identifier = "`" + shop.replace("`", "``") + "`"
    server.run("CREATE USER app IDENTIFIED BY 'old'")
    server.run(f"GRANT SELECT, CREATE ON {identifier}.* TO app")
    new = Successor("app_2", "new", shop, "app", None)
    server.engine.succeed_login(server.place, new)
    server.engine.retire_login(server.place, "app", "app")
    run(server, new, "CREATE TABLE apps (a int)")
    with pytest.raises(pymysql.err.OperationalError):
        run(server, new, "DROP TABLE apps")
    with pytest.raises(LoginFailure) as failure:
        attempt(server, "app", "old", shop)
    assert failure.value.part is Part.RIGHT
    with pytest.raises(Refusal):
        server.engine.succeed_login(server.place, Successor("x", "x", shop, "gone", None))


def test_each_part_of_a_login_that_can_fail_is_told_apart(server: Server, shop: str) -> None:
    attempt(server, server.access.user, server.access.password, shop)
    deputy = Successor("deputy", "new", shop, server.access.user, None)
    server.engine.succeed_login(server.place, deputy)
    run(server, deputy, "CREATE DATABASE by_deputy")
    for password, database, part in (("wrong", shop, Part.PASSWORD), (server.access.password, "missing", Part.RIGHT)):
        with pytest.raises(LoginFailure) as failure:
            attempt(server, server.access.user, password, database)
        assert failure.value.part is part, failure.value.sentence
    with pytest.raises(LoginFailure) as failure:
        MySQL().try_login(Access("localhost", 1, "a", "b", "c"), server.ca.read_text())
    assert failure.value.part is Part.UNREACHABLE


def attempt(server: Server, user: str, password: str, database: str) -> None:
    MySQL().try_login(Access("localhost", server.access.port, user, password, database), server.ca.read_text())
