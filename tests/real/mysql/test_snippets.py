"""The snippets of the store's page, pasted: each must connect and answer, with the CA as ca.pem beside it.

Where their drivers come from, ``tests/fixtures/drivers.py`` says.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from datastores.engines.contract import Snippet
from datastores.engines.mysql import MySQL
from datastores.sites.local.mysql.programs import program
from host.authority import Authority
from host.paths import Home
from tests.fixtures import drivers

from .conftest import Server

pytestmark = pytest.mark.real
DJANGO_QUERY = (
    "import django; from django.conf import settings; import pasted;"
    "settings.configure(DATABASES=pasted.DATABASES); django.setup();"
    "from django.db import connection as c; cursor = c.cursor();"
    "cursor.execute('SELECT version(), current_user()'); print(*cursor.fetchone())"
)


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    """A working directory as the page describes it."""
    shutil.copy(server.ca, tmp_path / "ca.pem")
    return tmp_path


def snippet(server: Server, slug: str, host: str = "", password: str = "") -> Snippet:
    access = server.access
    access = replace(access, host=host or access.host, password=password or access.password)
    return next(found for found in MySQL().snippets(access) if found.slug == slug)


def save(found: Snippet, folder: Path, name: str = "") -> Path:
    path = folder / (name or found.file)
    path.write_text(found.code)
    return path


def attempt(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    client = program("mysql").parent
    bare = {"PATH": f"{client}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
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


@contextmanager
def relay(address: str, port: int) -> Iterator[None]:
    """Pass one connection on to the server at 127.0.0.1 under another address."""
    with socket.create_server((address, port)) as listening, ThreadPoolExecutor(3) as threads:

        def serve() -> None:
            with listening.accept()[0] as client, socket.create_connection(("127.0.0.1", port)) as target:
                threads.submit(shovel, client, target)
                shovel(target, client)

        threads.submit(serve)
        yield


def shovel(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(65_536):
            sink.sendall(content)
        sink.shutdown(socket.SHUT_WR)


def trust_a_stranger(folder: Path) -> None:
    """Put another authority's certificate where the snippet expects the installation's."""
    home = Home(folder / "stranger")
    home.make()
    shutil.copy(Authority(home).certificate_file, folder / "ca.pem")


def test_mysql(server: Server, folder: Path) -> None:
    script = snippet(server, "mysql").code.rstrip("\n") + " --execute='SELECT CURRENT_USER(), DATABASE()'\n"
    assert "hwadmin@%\tdefaultdb" in run(folder, "sh", "-c", script)


def test_mysql_without_the_ca_fails_closed(server: Server, tmp_path: Path) -> None:
    script = snippet(server, "mysql").code.rstrip("\n") + " --execute='SELECT 1'\n"
    ended = attempt(tmp_path, "sh", "-c", script)
    assert ended.returncode != 0
    assert "SSL" in ended.stderr


def test_mysql_notices_another_name(server: Server, folder: Path) -> None:
    """127.0.0.3 is this machine as well; nothing but the certificate speaks against it."""
    with relay("127.0.0.3", server.access.port):
        ended = attempt(folder, "sh", "-c", snippet(server, "mysql", host="127.0.0.3").code)
    assert ended.returncode != 0
    assert "SSL connection error" in ended.stderr


def test_python(server: Server, folder: Path) -> None:
    script = save(snippet(server, "python"), folder)
    assert run(folder, sys.executable, str(script)).startswith("9.")


def test_django(server: Server, folder: Path) -> None:
    save(snippet(server, "django"), folder, "pasted.py")
    said = run(folder, sys.executable, "-c", DJANGO_QUERY, PYTHONPATH=str(folder))
    assert said.startswith("9.")
    assert said.rstrip().endswith("hwadmin@%")


def test_env(server: Server, folder: Path) -> None:
    save(snippet(server, "env"), folder)
    query = (
        'mysql --protocol=TCP --user="$MYSQL_USER" --ssl-mode="$MYSQL_SSL_MODE" --ssl-ca="$MYSQL_SSL_CA" "$MYSQL_DATABASE"'
        " --batch --skip-column-names --execute='SELECT DATABASE()'"
    )
    assert run(folder, "sh", "-c", f"set -a; . ./.env; {query}").split() == ["defaultdb"]


@pytest.mark.parametrize("slug", ["mysql", "python", "node", "django"])
def test_a_wrong_password_is_what_the_snippet_sends(server: Server, folder: Path, slug: str) -> None:
    """What succeeds above succeeds by the snippet's own login: with another password, it does not."""
    found = snippet(server, slug, password="wrong")
    if slug == "mysql":
        ended = attempt(folder, "sh", "-c", found.code)
    elif slug == "django":
        save(found, folder, "pasted.py")
        ended = attempt(folder, sys.executable, "-c", DJANGO_QUERY, PYTHONPATH=str(folder))
    else:
        if slug == "node":
            (folder / "node_modules").symlink_to(drivers.node_modules())
        program_name = "node" if slug == "node" else sys.executable
        ended = attempt(folder, program_name, str(save(found, folder)))
    assert ended.returncode != 0
    assert "Access denied" in ended.stderr


def test_node(server: Server, folder: Path) -> None:
    (folder / "node_modules").symlink_to(drivers.node_modules())
    script = save(snippet(server, "node"), folder)
    assert run(folder, "node", str(script)).startswith("9.")


def test_node_with_the_service_uri_verifies_nothing_but_never_speaks_in_the_clear(
    server: Server,
    folder: Path,
) -> None:
    (folder / "node_modules").symlink_to(drivers.node_modules())
    script = folder / "uri.mjs"
    script.write_text(f'import m from "mysql2/promise"; await m.createConnection({MySQL().uri(server.access)!r});')
    ended = attempt(folder, "node", str(script))
    assert ended.returncode != 0
    assert "insecure transport" in ended.stderr


def test_java(server: Server, folder: Path) -> None:
    command = (drivers.java(), "-cp", str(drivers.mysql_jar()), str(save(snippet(server, "java"), folder)))
    assert run(folder, *command).startswith("9.")
    trust_a_stranger(folder)
    assert "checkServerTrusted" in attempt(folder, *command).stderr


def test_go(server: Server, folder: Path) -> None:
    command, environment = ("go", "run", str(save(snippet(server, "go"), folder))), drivers.go_environment()
    assert run(folder, *command, **environment).startswith("9.")
    trust_a_stranger(folder)
    assert "certificate signed by unknown authority" in attempt(folder, *command, **environment).stderr


def test_mysql_connector_python(server: Server, folder: Path) -> None:
    """Oracle's own driver for Python, beside the one of the snippet."""
    pytest.importorskip("mysql.connector")
    script = folder / "connector.py"
    script.write_text(
        "import mysql.connector as c, sys; host, port, user, password, database = sys.stdin.read().split('\\n');"
        "k = c.connect(host=host, port=int(port), user=user, password=password, database=database,"
        " ssl_ca='ca.pem', ssl_verify_cert=True, ssl_verify_identity=True);"
        "q = k.cursor(); q.execute('SELECT version()'); print(q.fetchone()[0])"
    )
    access = server.access
    words = "\n".join([access.host, str(access.port), access.user, access.password, access.database])
    ended = subprocess.run(
        [sys.executable, str(script)],
        input=words,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stdout.startswith("9."), ended.stderr
