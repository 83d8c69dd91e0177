"""The service URI and the snippets carry any login, and never weaken the verification."""

from __future__ import annotations

import ast
import json
import shlex
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.contract import Access
from datastores.engines.mysql import MySQL

ENGINE = MySQL()
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
def test_url_parsers_read_back_what_was_put_into_the_uri(access: Access) -> None:
    parts = urlsplit(ENGINE.uri(access))
    assert (parts.scheme, parts.hostname, parts.port) == ("mysql", access.host, access.port)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (access.user, access.password)
    assert unquote(parts.path[1:]) == access.database
    assert parse_qs(parts.query) == {"ssl-mode": ["VERIFY_IDENTITY"], "ssl-ca": ["ca.pem"]}


@given(ACCESS)
def test_the_shell_reads_back_the_login(access: Access) -> None:
    words = shlex.split(code(access, "mysql").replace("\\\n", " "))
    assert words == [
        f"MYSQL_PWD={access.password}",
        "mysql",
        "--protocol=TCP",
        f"--host={access.host}",
        f"--port={access.port}",
        f"--user={access.user}",
        "--ssl-mode=VERIFY_IDENTITY",
        "--ssl-ca=ca.pem",
        access.database,
    ]
    pairs = dict(word.split("=", 1) for word in shlex.split(code(access, "env")))
    assert (pairs["MYSQL_USER"], pairs["MYSQL_PWD"]) == (access.user, access.password)
    assert pairs["DATABASE_URL"] == ENGINE.uri(access)


@given(ACCESS)
def test_python_and_django_read_back_the_login(access: Access) -> None:
    assignment = ast.parse(code(access, "django")).body[-1]
    assert isinstance(assignment, ast.Assign)
    default = ast.literal_eval(assignment.value)["default"]
    assert (default["USER"], default["PASSWORD"], default["NAME"]) == (access.user, access.password, access.database)
    assert default["OPTIONS"] == {"ssl": {"ca": "ca.pem"}}
    keywords = {
        node.arg: node.value for node in ast.walk(ast.parse(code(access, "python"))) if isinstance(node, ast.keyword)
    }
    assert ast.literal_eval(keywords["password"]) == access.password
    assert ast.literal_eval(keywords["ssl"]) == {"ca": "ca.pem"}


@given(ACCESS)
def test_go_and_java_get_literals_of_their_own(access: Access) -> None:
    literal = code(access, "go").split("config.Passwd = ")[1].split("\n")[0]
    assert json.loads(literal) == access.password
    literal = code(access, "java").split('setProperty("password", ')[1].split(");\n")[0]
    assert json.loads(literal) == access.password


def test_the_order_on_the_page_and_what_to_save_as() -> None:
    access = Access("localhost", 21_000, "hwadmin", "secret", "defaultdb")
    found = ENGINE.snippets(access)
    assert [snippet.slug for snippet in found] == ["mysql", "python", "node", "java", "go", "django", "env"]
    assert [snippet.file for snippet in found] == [
        "",
        "connect.py",
        "connect.mjs",
        "Connect.java",
        "main.go",
        "settings.py",
        ".env",
    ]
