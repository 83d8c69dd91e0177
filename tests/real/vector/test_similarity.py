"""The similarity snippets of the store's page, pasted: each runs, twice, and finds the nearest documents."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from datastores.engines.contract import Snippet
from datastores.engines.postgresql_vector import PostgreSQLVector
from datastores.sites.local.postgresql.programs import program
from tests.real.postgresql.conftest import Server

pytestmark = pytest.mark.real
NEAREST = ["Espresso", "Green tea"]


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    """A working directory as the page describes it."""
    shutil.copy(server.ca, tmp_path / "ca.pem")
    return tmp_path


def snippet(server: Server, slug: str) -> Snippet:
    return next(found for found in PostgreSQLVector().snippets(server.access) if found.slug == slug)


def run(folder: Path, *command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_search_stands_first(server: Server) -> None:
    assert [found.slug for found in PostgreSQLVector().snippets(server.access)][:3] == [
        "similarity",
        "similarity-sql",
        "psql",
    ]


def test_python(server: Server, folder: Path) -> None:
    found = snippet(server, "similarity")
    (folder / found.file).write_text(found.code)
    for _ in range(2):
        lines = run(folder, sys.executable, found.file).splitlines()
        assert [line.split("  ")[1] for line in lines] == NEAREST


def test_sql(server: Server, folder: Path) -> None:
    found = snippet(server, "similarity-sql")
    (folder / found.file).write_text(found.code)
    psql = [str(program("psql")), PostgreSQLVector().uri(server.access), "-v", "ON_ERROR_STOP=1", "-qAt"]
    for _ in range(2):
        lines = run(folder, *psql, "-f", found.file).splitlines()
        assert [line.split("|")[0] for line in lines] == NEAREST


@pytest.mark.parametrize("slug", ["similarity", "similarity-sql"])
def test_the_index_serves_the_query_as_it_is_written(server: Server, folder: Path, slug: str) -> None:
    test_python(server, folder)
    order = "ORDER BY embedding <=> '[0.8, 0.3, 0.0]'"
    assert order.split("'", maxsplit=1)[0] in snippet(server, slug).code
    with server.login() as admin:
        admin.execute("SET enable_seqscan = off")  # three rows need no index
        plan = admin.execute(f"EXPLAIN SELECT title FROM documents {order} LIMIT 2").fetchall()  # noqa: S608
    assert "documents_embedding" in str(plan)
