"""The snippets of the store's page, pasted: each must connect and answer, with the CA as ca.pem beside it.

Where their drivers come from, ``tests/fixtures/drivers.py`` says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from datastores.engines.contract import Snippet
from datastores.engines.postgresql import PostgreSQL
from datastores.sites.local.postgresql.programs import program
from host.authority import Authority
from host.paths import Home
from tests.fixtures import drivers

from .conftest import Server

pytestmark = pytest.mark.real
PSQL = program("psql").parent
DJANGO_QUERY = (
    "import django; from django.conf import settings; import pasted;"
    "settings.configure(DATABASES=pasted.DATABASES); django.setup();"
    "from django.db import connection as c; cursor = c.cursor(); cursor.execute('SELECT version()');"
    "print(cursor.fetchone()[0])"
)


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    """A working directory as the page describes it."""
    shutil.copy(server.ca, tmp_path / "ca.pem")
    return tmp_path


def snippet(server: Server, slug: str, *, user: str | None = None, password: str | None = None) -> Snippet:
    access = replace(
        server.access,
        user=user or server.access.user,
        password=password or server.access.password,
    )
    return next(found for found in PostgreSQL().snippets(access) if found.slug == slug)


def save(found: Snippet, folder: Path, name: str = "") -> Path:
    path = folder / (name or found.file)
    path.write_text(found.code)
    return path


def attempt(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": f"{PSQL}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command,
        cwd=folder,
        env=bare | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def run(folder: Path, *command: str, **environment: str) -> str:
    ended = attempt(folder, *command, **environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def trust_a_stranger(folder: Path) -> None:
    """Put another authority's certificate where the snippet expects the installation's."""
    home = Home(folder / "stranger")
    home.make()
    shutil.copy(Authority(home).certificate_file, folder / "ca.pem")


def test_psql(server: Server, folder: Path) -> None:
    script = snippet(server, "psql").code.rstrip("\n") + " -c 'SELECT current_user'\n"
    assert "hwadmin" in run(folder, "sh", "-c", script)


def test_the_service_uri(server: Server, folder: Path) -> None:
    assert "hwadmin" in run(folder, "psql", PostgreSQL().uri(server.access), "-c", "SELECT current_user")


def test_the_service_uri_without_the_ca_fails_closed(server: Server, tmp_path: Path) -> None:
    uri = PostgreSQL().uri(server.access)
    command = [str(PSQL / "psql"), uri, "-c", "SELECT 1"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert 'root certificate file "ca.pem" does not exist' in ended.stderr


def test_python(server: Server, folder: Path) -> None:
    script = save(snippet(server, "python"), folder)
    assert run(folder, sys.executable, str(script)).startswith("PostgreSQL 17")


def test_django(server: Server, folder: Path) -> None:
    save(snippet(server, "django"), folder, "pasted.py")
    assert run(folder, sys.executable, "-c", DJANGO_QUERY, PYTHONPATH=str(folder)).startswith("PostgreSQL 17")


def test_env(server: Server, folder: Path) -> None:
    save(snippet(server, "env"), folder)
    query = "psql -Atc 'SELECT current_user'"
    found = run(folder, "sh", "-c", f'set -a; . ./.env; {query}; {query} "$DATABASE_URL"')
    assert found.split() == ["hwadmin", "hwadmin"]


@pytest.mark.parametrize("slug", ["psql", "python", "django", "env"])
def test_a_wrong_password_is_what_the_snippet_sends(server: Server, folder: Path, slug: str) -> None:
    """What succeeds above succeeds by the snippet's own login: with another password, it does not."""
    code = snippet(server, slug, password="wrong").code
    assert "wrong" in code
    assert server.access.password not in code


def test_node(server: Server, folder: Path) -> None:
    (folder / "node_modules").symlink_to(drivers.node_modules())
    script = save(snippet(server, "node"), folder)
    assert run(folder, "node", str(script)).startswith("PostgreSQL 17")


def test_java(server: Server, folder: Path) -> None:
    command = (drivers.java(), "-cp", str(drivers.postgresql_jar()), str(save(snippet(server, "java"), folder)))
    assert run(folder, *command).startswith("PostgreSQL 17")
    trust_a_stranger(folder)
    assert "unable to find valid certification path" in attempt(folder, *command).stderr


def test_go(server: Server, folder: Path) -> None:
    command, environment = ("go", "run", str(save(snippet(server, "go"), folder))), drivers.go_environment()
    assert run(folder, *command, **environment).startswith("PostgreSQL 17")
    trust_a_stranger(folder)
    assert "certificate signed by unknown authority" in attempt(folder, *command, **environment).stderr
