"""Variables, files and snippets of a connection: pure functions from values to text."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datastores.engines.registry import ENGINES
from marketplace.bindings import component_config, component_yaml, kubernetes_secret
from marketplace.guides import MARKS, guides
from marketplace.names import Values, env_file, stem, variables
from marketplace.presentation.markdown import html_of

SPECIFIED = {
    "HostName": "CHOREO_ORDERS_DB_HOSTNAME",
    "Port": "CHOREO_ORDERS_DB_PORT",
    "Username": "CHOREO_ORDERS_DB_USERNAME",
    "Password": "CHOREO_ORDERS_DB_PASSWORD",
    "DatabaseName": "CHOREO_ORDERS_DB_DATABASENAME",
}
PRINTABLE = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0\xad"), max_size=30
)


def test_the_variables_are_the_specifications() -> None:
    assert variables("CHOREO", "Orders db") == SPECIFIED
    assert variables("", "x")["Port"] == "X_PORT"
    assert stem("…") == "CONNECTION"


@given(PRINTABLE)
def test_a_shell_reads_every_value_as_it_is(value: str) -> None:
    script = f'{env_file({"VALUE": value})}printf %s "$VALUE"'
    read = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, text=True)
    assert read.stdout == value


def test_plain_values_stand_bare() -> None:
    assert env_file({"A": "localhost", "B": "5432"}) == "A=localhost\nB=5432\n"


@given(PRINTABLE)
def test_yaml_reads_the_secret_as_it_is(password: str) -> None:
    values = Values("localhost", 5432, "app", password, "shop")
    secret = yaml.safe_load(
        kubernetes_secret(name="Orders / Dev", type_="postgresql", values=values, uri="postgresql://")
    )
    assert secret["metadata"]["name"] == "orders-dev"
    assert secret["type"] == "servicebinding.io/postgresql"
    assert list(secret["stringData"]) == [
        "type", "provider", "host", "port", "username", "password", "database", "uri",
    ]  # fmt: skip
    assert secret["stringData"]["password"] == password


def test_the_snippets_are_the_specifications() -> None:
    named = yaml.safe_load(component_yaml(connection="orders", reference="database:orders/shop"))
    assert named["dependencies"]["connectionReferences"] == [{"name": "orders", "resourceRef": "database:orders/shop"}]
    mapped = yaml.safe_load(component_config(reference="r", connection_id="1-2", variables=SPECIFIED))
    (service,) = mapped["outbound"]["serviceReferences"]
    assert service["connectionConfig"] == "1-2"
    assert service["env"] == [{"from": key, "to": variable} for key, variable in SPECIFIED.items()]


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_every_engine_has_guides_that_hold_no_value(engine: object) -> None:
    found = guides(engine, SPECIFIED)  # type: ignore[arg-type]
    assert [guide.slug for guide in found] == ["python", "node", "java", "go"]
    for guide in found:
        assert not [mark for mark in MARKS if mark in guide.code], guide.code
        needed = set(SPECIFIED.values()) - ({SPECIFIED["DatabaseName"]} if engine is ENGINES["cache"] else set())
        assert {name for name in needed if name in guide.code} == needed, guide.code


def test_markdown_is_shown_and_nothing_else() -> None:
    shown = html_of("# Orders\n\nSee **[docs](https://docs.test)**.\n\n| a |\n|---|\n| 1 |")
    assert "<h3>Orders</h3>" in shown
    assert 'href="https://docs.test"' in shown
    assert "<td>1</td>" in shown
    hostile = html_of(
        "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](https://a.test/b.png) "
        '[z](data:text/html;base64,AA) <a href="https://a.test" style="x">k</a>'
    )
    tags = re.findall(r"<(\w+)([^>]*)>", hostile)
    assert {tag for tag, _ in tags} == {"p", "a"}
    assert [attributes for tag, attributes in tags if tag == "a"] == [
        ' href="https://a.test/b.png" rel="noopener nofollow"'
    ]
