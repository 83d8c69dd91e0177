"""/vector-databases/: its own list, its own entry of the navigation, and the wizard with the type chosen."""

from __future__ import annotations

import pytest
from django.test import Client

from console.permissions import Role
from datastores.models import DataStore
from tests.unit.pages.conftest import SignIn

LISTS = {"/databases/": "Databases", "/vector-databases/": "Vector Databases"}


@pytest.fixture
def vectors(store: DataStore) -> DataStore:
    """A vector store beside the ordinary one."""
    DataStore.objects.filter(pk=store.pk).update(engine="postgresql-vector", name="embeddings")
    store.refresh_from_db()
    return store


def current(browser: Client, url: str) -> list[str]:
    """Return the entries of the navigation that are marked as current."""
    groups = browser.get(url).context["navigation"]()
    return [item.label for group in groups for item in group.items if item.current]


@pytest.mark.parametrize(("engine", "expected"), [("postgresql", "/databases/"), ("gone", "/databases/")])
def test_each_store_is_in_one_list(sign_in: SignIn, store: DataStore, engine: str, expected: str) -> None:
    DataStore.objects.update(engine=engine)
    browser = sign_in(Role.ADMIN)
    assert {url: len(browser.get(url).context["rows"]) for url in LISTS} == {url: int(url == expected) for url in LISTS}


def test_a_vector_store_is_in_the_other_list(sign_in: SignIn, vectors: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    assert browser.get("/databases/").context["rows"] == []
    assert [row.name for row in browser.get("/vector-databases/").context["rows"]] == ["embeddings"]


@pytest.mark.parametrize(("url", "label"), LISTS.items())
def test_each_list_is_its_own_entry(sign_in: SignIn, url: str, label: str) -> None:
    assert current(sign_in(Role.VIEWER), url) == [label]


@pytest.mark.parametrize("tab", ["", "nodes/", "settings/", "activity/"])
def test_a_store_s_pages_belong_to_its_list(sign_in: SignIn, vectors: DataStore, tab: str) -> None:
    browser = sign_in(Role.ADMIN)
    url = f"/databases/{vectors.pk}/{tab}"
    assert current(browser, url) == ["Vector Databases"]
    assert browser.get(url).context["crumbs"][0] == ("Vector Databases", "/vector-databases/")
    DataStore.objects.update(engine="postgresql")
    assert current(browser, url) == ["Databases"]


def test_create_begins_with_the_type_chosen(sign_in: SignIn) -> None:
    browser = sign_in(Role.ADMIN)
    url = browser.get("/vector-databases/").context["section"].create_url
    answer = browser.get(url)
    assert answer["Location"] == "/databases/create/name/?type=postgresql-vector"
    assert current(browser, answer["Location"]) == ["Vector Databases"]
    assert 'href="/vector-databases/"' in browser.get(answer["Location"]).content.decode()
    assert current(browser, "/databases/create/name/?type=postgresql") == ["Databases"]


def test_a_type_that_is_not_offered_is_asked_for(sign_in: SignIn) -> None:
    answer = sign_in(Role.ADMIN).get("/databases/create/?type=nonsense")
    assert answer["Location"] == "/databases/create/type/?type=nonsense"


def test_the_cards_show_both(sign_in: SignIn) -> None:
    groups = sign_in(Role.ADMIN).get("/databases/create/type/").context["groups"]
    assert {"PostgreSQL", "PostgreSQL vector"} <= {choice.title for group in groups for choice in group.choices}


def test_a_deleted_vector_store_leads_to_its_list(sign_in: SignIn, vectors: DataStore) -> None:
    vectors.set_state(DataStore.State.DELETED)
    assert sign_in(Role.ADMIN).get(f"/databases/{vectors.pk}/")["Location"] == "/vector-databases/"
