"""Databases and logins that the platform makes for tenants: each right, its limits, and its successor."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from console.errors import Refusal
from datastores.engines.contract import Access
from datastores.engines.postgresql import PostgreSQL
from datastores.engines.trial import LoginFailure, Part
from datastores.logins import Rights, login_name
from datastores.sites.tenants import NewLogin, Successor
from tests.real.postgresql.conftest import Server

pytestmark = pytest.mark.real
SHOP = 'Shop "2"/é'


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[str]:
    """A database with a table of the super admin's."""
    server.engine.create_database(server.place, SHOP)
    with server.login(dbname=SHOP) as admin:
        admin.execute("CREATE TABLE items (name text)")
        admin.execute("INSERT INTO items VALUES ('tea')")
        admin.execute("CREATE SCHEMA own CREATE TABLE inner_items (name text)")
    yield SHOP
    server.engine.drop_database(server.place, SHOP)
    with server.login() as admin:
        assert admin.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hw\\_%\\_readers'").fetchone() == (0,)


def make(server: Server, rights: Rights, database: str = SHOP) -> NewLogin:
    login = NewLogin(login_name(database, rights), "pass word-'1", database, rights)
    server.engine.create_login(server.place, login)
    return login


def enter(server: Server, login: NewLogin | Successor) -> psycopg.Connection:
    return server.login(user=login.name, password=login.password, dbname=login.database)


def test_a_database_of_any_name_is_the_super_admins_alone(server: Server, shop: str) -> None:
    with pytest.raises(Refusal, match="already"):
        server.engine.create_database(server.place, shop)
    with server.login() as admin:
        admin.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    with pytest.raises(LoginFailure) as failure:
        attempt(server, "stranger", "x", shop)
    assert failure.value.part is Part.RIGHT
    assert "GRANT CONNECT" in failure.value.remedy


def test_a_reader_reads_what_is_there_and_what_comes_and_changes_nothing(server: Server, shop: str) -> None:
    with enter(server, make(server, Rights.READ_ONLY)) as reader, server.login(dbname=shop) as admin:
        assert reader.execute("SELECT name FROM items").fetchone() == ("tea",)
        assert reader.execute("SELECT count(*) FROM own.inner_items").fetchone() == (0,)
        admin.execute("CREATE TABLE later (name text)")
        admin.execute("CREATE SCHEMA fresh CREATE TABLE things (name text)")
        assert reader.execute("SELECT count(*) FROM later").fetchone() == (0,)
        assert reader.execute("SELECT count(*) FROM fresh.things").fetchone() == (0,)
        for refused in (
            "INSERT INTO items VALUES ('x')",
            "DELETE FROM items",
            "CREATE TABLE mine (name text)",
            "CREATE TEMPORARY TABLE mine (name text)",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                reader.execute(refused)
        admin.execute("DROP TABLE later")


def test_a_writer_changes_rows_and_no_tables(server: Server, shop: str) -> None:
    with enter(server, make(server, Rights.READ_WRITE)) as writer, server.login(dbname=shop) as admin:
        admin.execute("CREATE TABLE numbered (id serial, name text)")
        writer.execute("INSERT INTO numbered (name) VALUES ('x')")
        writer.execute("UPDATE numbered SET name = 'y'")
        writer.execute("DELETE FROM numbered")
        for refused in ("DROP TABLE numbered", "ALTER TABLE items ADD extra int", "CREATE TABLE mine (name text)"):
            with pytest.raises(errors.InsufficientPrivilege):
                writer.execute(refused)


def test_owners_share_what_they_make_and_others_see_it(server: Server, shop: str) -> None:
    first, reader = make(server, Rights.OWNER), make(server, Rights.READ_ONLY)
    second = Successor(login_name(SHOP, Rights.OWNER), "another", SHOP, "", Rights.OWNER)
    with enter(server, first) as owner:
        owner.execute("CREATE TABLE ours (name text)")
        owner.execute("CREATE EXTENSION citext")
        owner.execute("CREATE SCHEMA ours")
    server.engine.succeed_login(server.place, second)
    with enter(server, second) as successor, enter(server, reader) as other, server.login(dbname=shop) as admin:
        successor.execute("ALTER TABLE ours ADD extra int")
        assert other.execute("SELECT count(*) FROM ours").fetchone() == (0,)
        admin.execute("ALTER TABLE ours ADD more int")  # the super admin still may everything
        assert server.engine.login_sessions(server.place, second.name) == 1
        server.engine.retire_login(server.place, first.name, "")
        successor.execute("DROP TABLE ours")
        assert admin.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [first.name]).fetchone() == (0,)
    with pytest.raises(LoginFailure) as failure:
        attempt(server, first.name, first.password, shop)
    assert failure.value.part is Part.PASSWORD


def test_none_of_them_may_enter_another_database_of_the_console(server: Server, shop: str) -> None:
    server.engine.create_database(server.place, "other")
    for rights in Rights:
        login = make(server, rights)
        with pytest.raises(LoginFailure) as failure:
            attempt(server, login.name, login.password, "other")
        assert failure.value.part is Part.RIGHT
    server.engine.drop_database(server.place, "other")


def test_an_imported_login_is_succeeded_with_all_its_rights(server: Server, shop: str) -> None:
    with server.login(dbname=shop) as admin:
        admin.execute("CREATE ROLE app LOGIN PASSWORD 'old'")
        admin.execute(f"GRANT CONNECT, CREATE ON DATABASE {quoted(shop)} TO app")
        admin.execute("GRANT ALL ON SCHEMA public TO app")
    old = NewLogin("app", "old", shop, Rights.OWNER)
    with enter(server, old) as session:
        session.execute("CREATE TABLE apps (name text)")
    new = Successor("app_2", "new", shop, "app", None)
    server.engine.succeed_login(server.place, new)
    with enter(server, old) as session, enter(server, new) as successor:
        successor.execute("ALTER TABLE apps ADD extra int")
        server.engine.retire_login(server.place, "app", "app")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        successor.execute("INSERT INTO apps VALUES ('x')")
    third = Successor("app_3", "newer", shop, "app", None)
    server.engine.succeed_login(server.place, third)
    server.engine.retire_login(server.place, "app_2", "app")
    with enter(server, third) as successor:
        successor.execute("DROP TABLE apps")


def test_each_part_of_a_login_that_can_fail_is_told_apart(server: Server, shop: str) -> None:
    login = make(server, Rights.READ_ONLY)
    attempt(server, login.name, login.password, shop)
    for user, password, database, part in (
        (login.name, "wrong", shop, Part.PASSWORD),
        ("nobody", "wrong", shop, Part.PASSWORD),
        (server.access.user, server.access.password, "missing", Part.RIGHT),
        ("headwater", "x", shop, Part.RIGHT),
    ):
        with pytest.raises(LoginFailure) as failure:
            attempt(server, user, password, database)
        assert failure.value.part is part, failure.value.sentence
    with pytest.raises(LoginFailure) as failure:
        PostgreSQL().try_login(Access("localhost", 1, "a", "b", "c"), server.ca.read_text())
    assert failure.value.part is Part.UNREACHABLE


def attempt(server: Server, user: str, password: str, database: str) -> None:
    access = Access(server.access.host, server.access.port, user, password, database)
    PostgreSQL().try_login(access, server.ca.read_text())


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
