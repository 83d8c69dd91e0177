"""The service URI and what is pasted: every character of a password arrives."""

from __future__ import annotations

import ast
import shlex
from urllib.parse import unquote, urlsplit

import redis
from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.cache import Cache
from datastores.engines.cache.uri import python_uri
from datastores.engines.contract import Access

PASSWORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)


def access(password: str, host: str = "db.test") -> Access:
    return Access(host, 31_900, "hwadmin", password, "0")


@given(PASSWORDS)
def test_the_uri_carries_the_password(password: str) -> None:
    parts = urlsplit(Cache().uri(access(password)))
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("rediss", "db.test", 31_900, "")
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("hwadmin", password)


@given(PASSWORDS)
def test_redis_py_reads_it(password: str) -> None:
    found = redis.ConnectionPool.from_url(python_uri(access(password), 2)).connection_kwargs
    assert (found["host"], found["port"], found["db"]) == ("db.test", 31_900, 2)
    assert (found["username"], found["password"]) == ("hwadmin", password)
    assert (found["ssl_cert_reqs"], found["ssl_ca_certs"]) == ("required", "ca.pem")


def test_an_ipv6_address_is_bracketed() -> None:
    assert Cache().uri(access("p", "2001:db8::1")) == "rediss://hwadmin:p@[2001:db8::1]:31900"


@given(PASSWORDS)
def test_snippets_of_python_are_python_and_hold_the_password(password: str) -> None:
    by_slug = {found.slug: found for found in Cache().snippets(access(password))}
    strings = {
        node.value
        for node in ast.walk(ast.parse(by_slug["python"].code))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert password in strings
    for slug in ("celery", "django"):
        ast.parse(by_slug[slug].code)


@given(PASSWORDS)
def test_the_shells_snippets_quote_the_password(password: str) -> None:
    by_slug = {found.slug: found.code for found in Cache().snippets(access(password))}
    for slug, name in (("valkey-cli", "REDISCLI_AUTH"), ("env", "REDIS_PASSWORD")):
        assert f"{name}={password}" in shlex.split(by_slug[slug])


def test_no_command_line_names_the_password_among_its_arguments() -> None:
    code = next(found.code for found in Cache().snippets(access("secret")) if found.slug == "valkey-cli")
    words = shlex.split(code.replace("\\\n", " "))
    assert [word for word in words if "secret" in word] == ["REDISCLI_AUTH=secret"]
