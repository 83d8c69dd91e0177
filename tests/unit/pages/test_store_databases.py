"""The Databases tab: what the server tells, what is offered, and who may have an extension created."""

from __future__ import annotations

import html

import pytest

from console.errors import Refusal
from console.models import AuditEvent
from console.permissions import Role
from datastores.engines.registry import ENGINES
from datastores.extensions import Extension, LogicalDatabase, create_statement, offer_of
from datastores.models import DataStore
from datastores.sites.contract import NoAnswer
from datastores.sites.local.site import LocalSite
from tests.unit.pages.conftest import SignIn

KNOWN = [
    Extension("plpgsql", "1.0", "PL/pgSQL", installed=True, trusted=True, schema="pg_catalog"),
    Extension("pg_stat_statements", "1.11", "track statements", installed=False, trusted=False),
    Extension("dblink", "1.2", "connect to others", installed=False, trusted=False),
    Extension("cube", "1.5", "cubes", installed=False, trusted=True),
    Extension("uuid-ossp", "1.1", "make uuids", installed=False, trusted=True),
]
STRANGE = "a/b?c&d=é <i>"


class Server:
    """What the site answers in these tests, and what it was asked to make."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.error: Exception | None = None
        self.found = [LogicalDatabase(name, "hwadmin", 7_700_000, open=True) for name in ("defaultdb", STRANGE)]

    def databases(self, _site: LocalSite, _store: DataStore) -> list[LogicalDatabase]:
        if isinstance(self.error, NoAnswer):
            raise self.error
        return self.found

    def extensions(self, _site: LocalSite, _store: DataStore, _database: str) -> list[Extension]:
        return KNOWN

    def create_extension(self, _site: LocalSite, _store: DataStore, database: str, name: str) -> None:
        if self.error:
            raise self.error
        self.made.append((database, name))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    for name in ("databases", "extensions", "create_extension"):
        monkeypatch.setattr(LocalSite, name, lambda *given, name=name: getattr(found, name)(*given))
    return found


def url(store: DataStore, more: str = "") -> str:
    return f"/databases/{store.pk}/databases/{more}"


def test_what_is_neither_trusted_nor_reviewed_is_not_offered() -> None:
    offer = offer_of(KNOWN, ("pg_stat_statements",))
    assert [extension.name for extension in offer.installed] == ["plpgsql"]
    assert [extension.name for extension in offer.on_request] == ["pg_stat_statements"]
    assert [extension.name for extension in offer.self_service] == ["uuid-ossp", "cube"]


def test_names_are_quoted_where_sql_asks_for_it() -> None:
    assert [create_statement(extension) for extension in KNOWN[3:]] == [
        "CREATE EXTENSION cube;",
        'CREATE EXTENSION "uuid-ossp";',
    ]


def test_the_page_shows_databases_and_the_default_one_opened(
    sign_in: SignIn, running: DataStore, server: Server
) -> None:
    answer = sign_in(Role.VIEWER).get(url(running))
    page = answer.content.decode()
    assert answer.context["page"].inside.name == "defaultdb"
    for text in ("defaultdb", "hwadmin", "7.3 MiB", "a/b?c&amp;d=é &lt;i&gt;", "Extensions in defaultdb"):
        assert text in page
    assert "CREATE EXTENSION &quot;uuid-ossp&quot;;" in page
    assert "dblink" not in page
    assert "Needs the role Admin or DevOps; yours is Viewer." in page


def test_a_database_of_any_name_is_opened_and_extended(sign_in: SignIn, running: DataStore, server: Server) -> None:
    browser = sign_in(Role.DEVOPS)
    answer = browser.get(url(running), {"database": STRANGE})
    assert answer.context["page"].inside.name == STRANGE
    target = answer.context["page"].inside.query
    done = browser.post(url(running, f"extension/?{target}"), {"extension": "pg_stat_statements"}, follow=True)
    assert server.made == [(STRANGE, "pg_stat_statements")]
    assert done.context["page"].inside.name == STRANGE
    assert "pg_stat_statements is ready in" in done.content.decode()
    event = AuditEvent.objects.get(action="store.extension_created")
    assert event.detail == {"extension": "pg_stat_statements", "database": STRANGE}
    assert event.object_id == str(running.pk)


def test_an_unknown_database_opens_the_default_one(sign_in: SignIn, running: DataStore, server: Server) -> None:
    assert sign_in(Role.ADMIN).get(url(running), {"database": "x"}).context["page"].inside.name == "defaultdb"


@pytest.mark.parametrize("name", ["dblink", "postgres_fdw", "file_fdw", "plperlu", "uuid-ossp", "vector", "", "x; y"])
def test_what_nobody_reviewed_is_never_created(sign_in: SignIn, running: DataStore, server: Server, name: str) -> None:
    answer = sign_in(Role.ADMIN).post(url(running, "extension/?database=defaultdb"), {"extension": name})
    assert answer.status_code == 422
    assert "not created on request" in answer.content.decode()
    assert server.made == []
    assert not AuditEvent.objects.filter(action="store.extension_created").exists()


@pytest.mark.parametrize("error", [Refusal("It was not created: in the way.", "Move it."), NoAnswer("No answer came.")])
def test_what_the_server_refuses_is_said_and_not_recorded(
    sign_in: SignIn, running: DataStore, server: Server, error: Exception
) -> None:
    server.error = error
    answer = sign_in(Role.ADMIN).post(
        url(running, "extension/?database=defaultdb"), {"extension": "pg_stat_statements"}
    )
    assert answer.status_code == 422
    assert str(error) in answer.content.decode()
    assert not AuditEvent.objects.filter(action="store.extension_created").exists()


def test_a_server_that_does_not_answer(sign_in: SignIn, running: DataStore) -> None:
    answer = sign_in(Role.ADMIN).get(url(running))
    assert answer.status_code == 200
    assert "The server did not answer" in answer.content.decode()


def test_a_store_that_is_off_is_not_asked(sign_in: SignIn, running: DataStore, server: Server) -> None:
    running.set_state(DataStore.State.POWERED_OFF)
    browser = sign_in(Role.ADMIN)
    assert "this one does not run" in browser.get(url(running)).content.decode()
    answer = browser.post(url(running, "extension/?database=defaultdb"), {"extension": "pg_stat_statements"})
    assert answer.status_code == 422
    assert server.made == []


@pytest.mark.parametrize(("engine", "status"), [*((slug, 200) for slug in sorted(ENGINES)), ("gone", 404)])
def test_the_tab_is_there_for_every_engine_that_is_offered(
    sign_in: SignIn, running: DataStore, server: Server, engine: str, status: int
) -> None:
    DataStore.objects.update(engine=engine)
    browser = sign_in(Role.ADMIN)
    assert browser.get(url(running)).status_code == status
    tabs = [tab["label"] for tab in browser.get(f"/databases/{running.pk}/nodes/").context["tabs"]]
    assert ("Databases" in tabs) == (status == 200)


@pytest.mark.parametrize(("engine", "holds"), [("mysql", "12 tables"), ("cache", "1,024 keys")])
def test_without_owners_and_extensions_the_page_shows_what_is_true(
    sign_in: SignIn, running: DataStore, server: Server, engine: str, holds: str
) -> None:
    DataStore.objects.update(engine=engine)
    server.found = [LogicalDatabase("defaultdb", "", 7_700_000, open=True, holds=holds)]
    page = sign_in(Role.ADMIN).get(url(running)).content.decode()
    for text in ("defaultdb", holds, "7.3 MiB", html.escape(ENGINES[engine].about_databases)):
        assert text in page
    for absent in (">Owner<", "hwadmin", "Extensions"):
        assert absent not in page


def test_an_extension_is_refused_where_there_are_none(sign_in: SignIn, running: DataStore, server: Server) -> None:
    DataStore.objects.update(engine="mysql")
    answer = sign_in(Role.ADMIN).post(url(running, "extension/?database=defaultdb"), {"extension": "vector"})
    assert answer.status_code == 422
    assert server.made == []
