"""What initdb and the pool make: directories of their own, with checksums, closed to everybody else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from datastores.sites.local import pool
from datastores.sites.local.postgresql import LocalPostgreSQL
from datastores.sites.local.postgresql.initialise import InitialisationError
from datastores.sites.local.postgresql.logins import platform_login
from datastores.sites.local.postgresql.names import probe_password
from datastores.sites.local.postgresql.programs import program

from .conftest import Server

pytestmark = pytest.mark.real


def control(data: Path) -> dict[str, str]:
    command = [str(program("pg_controldata")), str(data)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def test_every_directory_of_the_pool_is_a_server_of_its_own(engine: LocalPostgreSQL) -> None:
    settings.HOME.make()
    pool.fill(engine, 2)
    ready = pool.waiting(engine)
    controls = [control(data) for data in ready]
    assert len({found["Database system identifier"] for found in controls}) == len(ready) >= 2
    assert {found["Data page checksum version"] for found in controls} == {"1"}
    assert {found["Database cluster state"] for found in controls} == {"shut down"}
    assert {data.stat().st_mode & 0o777 for data in ready} == {0o700}


def test_without_our_configuration_a_directory_lets_nobody_in(engine: LocalPostgreSQL) -> None:
    pool.fill(engine, 1)
    rules = (pool.waiting(engine)[0] / "pg_hba.conf").read_text()
    methods = {line.split()[-1] for line in rules.splitlines() if line and not line.startswith("#")}
    assert methods == {"reject"}


def test_what_fails_says_so_and_holds_no_secret(engine: LocalPostgreSQL, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "file").touch()
    with pytest.raises(InitialisationError, match="initdb ended with 1") as failure:
        engine.initialise(occupied)
    assert probe_password() not in str(failure.value)


def test_the_order_of_texts_is_the_same_on_every_machine(server: Server) -> None:
    with server.login() as admin:
        locale = "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
        assert set(admin.execute(locale).fetchall()) == {("b", "C.UTF-8", "UTF8")}


def test_the_roles_are_what_they_should_be(server: Server) -> None:
    with platform_login(server.place) as platform:
        roles = platform.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin"
            " FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname",
        ).fetchall()
        databases = platform.execute("SELECT datname, datdba::regrole::text FROM pg_database").fetchall()
    assert roles == [
        ("headwater", True, True, True, True, True, True),
        ("hw_probe", False, False, False, True, False, True),
        ("hwadmin", False, True, True, True, True, True),
    ]
    assert sorted(databases) == [
        ("defaultdb", "hwadmin"),
        ("postgres", "headwater"),
        ("template0", "headwater"),
        ("template1", "headwater"),
    ]
