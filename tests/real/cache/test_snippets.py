"""The snippets of the store's page, pasted: each must connect and answer, with the CA as ca.pem beside it.

Where their drivers come from, ``tests/fixtures/drivers.py`` says.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from datastores.engines.cache import Cache
from datastores.engines.contract import Access, Snippet
from datastores.sites.local.cache.programs import program
from host.authority import Authority
from host.paths import Home
from tests.fixtures import drivers

from .conftest import Server

pytestmark = pytest.mark.real
VALKEY = program("valkey-cli").parent
WORKER_SECONDS = 30
SLUGS = [found.slug for found in Cache().snippets(Access("host", 1, "user", "password", "0"))]


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    """A working directory as the page describes it."""
    shutil.copy(server.ca, tmp_path / "ca.pem")
    return tmp_path


def snippet(server: Server, slug: str, *, password: str | None = None) -> Snippet:
    access = replace(server.access, password=password or server.access.password)
    return next(found for found in Cache().snippets(access) if found.slug == slug)


def save(found: Snippet, folder: Path, name: str = "") -> Path:
    path = folder / (name or found.file)
    path.write_text(found.code)
    return path


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": f"{VALKEY}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"} | more


def attempt(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def run(folder: Path, *command: str, **more: str) -> str:
    ended = attempt(folder, *command, **more)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_valkey_cli(server: Server, folder: Path) -> None:
    script = snippet(server, "valkey-cli").code
    assert run(folder, "sh", "-c", script.rstrip("\n") + " SET greeting hello\n") == "OK\n"
    assert run(folder, "sh", "-c", f"echo 'GET greeting' | {script}") == "hello\n"


def test_the_specifications_way_to_see_the_limit(server: Server, folder: Path) -> None:
    """``echo "info" | redis-cli -u REDIS_URI | grep maxclients``, with the CA that no system knows."""
    uri = Cache().uri(server.access)
    line = f"echo info | valkey-cli -u '{uri}' --cacert ca.pem | grep maxclients"
    assert run(folder, "sh", "-c", line).strip() == "maxclients:10000"


def test_the_service_uri_without_the_ca_fails_closed(server: Server, tmp_path: Path) -> None:
    ended = attempt(tmp_path, "valkey-cli", "-u", Cache().uri(server.access), "PING")
    assert "certificate verify failed" in ended.stderr
    assert "PONG" not in ended.stdout


def test_redis_cli(server: Server, folder: Path) -> None:
    path = f"{drivers.redis_cli().parent}:{os.environ['PATH']}"
    script = snippet(server, "redis-cli").code
    assert run(folder, "sh", "-c", script.rstrip("\n") + " SET greeting hello\n", PATH=path) == "OK\n"
    assert "maxclients:10000" in run(folder, "sh", "-c", f"echo info | {script}", PATH=path)


def test_python(server: Server, folder: Path) -> None:
    assert run(folder, sys.executable, str(save(snippet(server, "python"), folder))) == "hello\n"


def test_celery(server: Server, folder: Path) -> None:
    """A worker with the pasted application answers a caller with the same: broker and result backend work."""
    save(snippet(server, "celery"), folder)
    call = f"from tasks import add; print(add.delay(2, 3).get(timeout={WORKER_SECONDS}))"
    with worker(folder):
        assert run(folder, sys.executable, "-c", call) == "5\n"


@contextmanager
def worker(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "solo", "--loglevel", "warning"]
    with (
        (folder / "worker.log").open("wb") as log,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def test_django(server: Server, folder: Path) -> None:
    save(snippet(server, "django"), folder, "pasted.py")
    query = (
        "import django; from django.conf import settings; import pasted;"
        "settings.configure(CACHES=pasted.CACHES); django.setup();"
        "from django.core.cache import cache;"
        "cache.set('a', {'b': 1}); cache.incr('n') if cache.add('n', 1) else None; print(cache.get('a'), cache.get('n'))"
    )
    assert run(folder, sys.executable, "-c", query) == "{'b': 1} 2\n"


def test_env(server: Server, folder: Path) -> None:
    save(snippet(server, "env"), folder)
    loaded = (
        "set -a; . ./.env;"
        'valkey-cli -u "$REDIS_URL" --cacert "$REDIS_CA_FILE" PING 2>/dev/null;'
        'REDISCLI_AUTH="$REDIS_PASSWORD" valkey-cli --tls --cacert "$REDIS_CA_FILE" -h "$REDIS_HOST" -p "$REDIS_PORT"'
        ' --user "$REDIS_USERNAME" PING'
    )
    assert run(folder, "sh", "-c", loaded).split() == ["PONG", "PONG"]


def test_node(server: Server, folder: Path) -> None:
    (folder / "node_modules").symlink_to(drivers.node_modules())
    assert run(folder, "node", str(save(snippet(server, "node"), folder))) == "hello\n"


def test_java(server: Server, folder: Path) -> None:
    jars = drivers.jedis_jars()
    script = save(snippet(server, "java"), folder)
    assert run(folder, drivers.java(), "-cp", f"{jars}/*", str(script)) == "hello\n"


def test_go(server: Server, folder: Path) -> None:
    script = save(snippet(server, "go"), folder)
    assert run(folder, "go", "run", str(script), **drivers.go_environment()) == "hello\n"


@pytest.mark.parametrize("slug", ["python", "django", "celery", "node", "go"])
def test_another_certificate_authority_is_refused(server: Server, folder: Path, slug: str) -> None:
    """What is pasted verifies the server: with a stranger's CA as ca.pem it must fail."""
    home = Home(folder / "stranger")
    home.make()
    shutil.copy(Authority(home).certificate_file, folder / "ca.pem")
    if slug == "node":
        (folder / "node_modules").symlink_to(drivers.node_modules())
    found = snippet(server, slug)
    save(found, folder, {"django": "pasted.py"}.get(slug, found.file))
    commands = {
        "python": [sys.executable, "connect.py"],
        "node": ["node", "connect.mjs"],
        "go": ["go", "run", "main.go"],
        "django": [
            sys.executable,
            "-c",
            (
                "import django, pasted; from django.conf import settings; settings.configure(CACHES=pasted.CACHES);"
                "django.setup(); from django.core.cache import cache; cache.get('a')"
            ),
        ],
        "celery": [
            sys.executable,
            "-c",
            "from tasks import app\nwith app.connection() as c: c.ensure_connection(max_retries=1, timeout=2)",
        ],
    }
    answered, complaint = _tried(folder, commands[slug], drivers.go_environment() if slug == "go" else {})
    assert not answered
    assert "certificate" in complaint.lower()


def _tried(folder: Path, command: list[str], more: dict[str, str]) -> tuple[bool, str]:
    """Whether a program came through, and what it complained of. Node's driver tries for ever: five seconds will do."""
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=environment(folder, **more),
            capture_output=True,
            text=True,
            check=False,
            timeout=5 if command[0] == "node" else 60,
        )
    except subprocess.TimeoutExpired as still_trying:
        return False, (still_trying.stderr or b"").decode()
    return ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("slug", SLUGS)
def test_the_snippet_sends_its_own_password(server: Server, slug: str) -> None:
    code = snippet(server, slug, password="wrong").code
    assert "wrong" in code
    assert server.access.password not in code
