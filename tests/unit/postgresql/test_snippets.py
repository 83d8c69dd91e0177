"""The service URI and the snippets carry any login, and never weaken the verification."""

from __future__ import annotations

import ast
import json
import shlex
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg.conninfo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.contract import Access
from datastores.engines.postgresql import PostgreSQL

ENGINE = PostgreSQL()
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
ACCESS = st.builds(
    Access,
    host=st.sampled_from(["localhost", "db.example.test", "192.0.2.7", "2001:db8::7"]),
    port=st.integers(1, 65_535),
    user=TEXT,
    password=TEXT,
    database=TEXT,
)


def code(access: Access, slug: str) -> str:
    return next(snippet.code for snippet in ENGINE.snippets(access) if snippet.slug == slug)


@given(ACCESS)
def test_libpq_reads_back_what_was_put_into_the_uri(access: Access) -> None:
    read = psycopg.conninfo.conninfo_to_dict(ENGINE.uri(access))
    assert read == {
        "host": access.host,
        "port": str(access.port),
        "user": access.user,
        "password": access.password,
        "dbname": access.database,
        "sslmode": "verify-full",
        "sslrootcert": "ca.pem",
    }


@given(ACCESS)
def test_url_parsers_read_it_back_too(access: Access) -> None:
    parts = urlsplit(ENGINE.uri(access))
    assert (parts.scheme, parts.hostname, parts.port) == ("postgresql", access.host, access.port)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (access.user, access.password)
    assert unquote(parts.path[1:]) == access.database
    assert parse_qs(parts.query) == {"sslmode": ["verify-full"], "sslrootcert": ["ca.pem"]}


@given(ACCESS)
def test_the_shell_reads_back_the_variables(access: Access) -> None:
    for slug in ("env", "psql"):
        joined = code(access, slug).replace("\\\n", " ")
        pairs = dict(word.split("=", 1) for word in shlex.split(joined) if "=" in word)
        assert pairs["PGPASSWORD"] == access.password
        assert pairs["PGUSER"] == access.user
        assert pairs["PGSSLMODE"] == "verify-full"


@given(ACCESS)
def test_python_and_django_read_back_the_login(access: Access) -> None:
    assignment = ast.parse(code(access, "django")).body[0]
    assert isinstance(assignment, ast.Assign)
    default = ast.literal_eval(assignment.value)["default"]
    assert (default["USER"], default["PASSWORD"]) == (access.user, access.password)
    assert default["NAME"] == access.database
    assert default["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "ca.pem"}
    call = next(
        node
        for node in ast.walk(ast.parse(code(access, "python")))
        if isinstance(node, ast.keyword) and node.arg == "password"
    )
    assert ast.literal_eval(call.value) == access.password


@given(ACCESS)
def test_go_gets_the_service_uri(access: Access) -> None:
    literal = code(access, "go").split("pgx.Connect(ctx, ")[1].split(")\n")[0]
    assert json.loads(literal) == ENGINE.uri(access)


def test_the_order_on_the_page_and_what_to_save_as() -> None:
    access = Access("localhost", 21_000, "hwadmin", "secret", "defaultdb")
    found = ENGINE.snippets(access)
    assert [snippet.slug for snippet in found] == ["psql", "python", "node", "java", "go", "django", "env"]
    assert all("ca.pem" in snippet.code and "secret" in snippet.code for snippet in found)


@pytest.mark.parametrize("slug", ["psql", "python", "node", "java", "go", "django", "env"])
def test_every_snippet_verifies_the_server(slug: str) -> None:
    text = code(Access("localhost", 21_000, "hwadmin", "secret", "defaultdb"), slug)
    assert "verify-full" in text or "ssl: { ca:" in text
    assert "rejectUnauthorized" not in text
