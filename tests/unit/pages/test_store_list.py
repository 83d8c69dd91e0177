"""/databases/: what is listed, searched, filtered, sorted, and for whom."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Organization
from console.permissions import Role
from datastores.models import DataStore, EdgeSlot, Region, ServicePlan
from tests.unit.pages.conftest import SignIn

URL = "/databases/"
MOST_QUERIES = 8  # issue 2


def make(organization: Organization, region: Region, name: str, plan: str = "hobbyist", **more: object) -> DataStore:
    """Add a store as a row."""
    return DataStore.objects.create(
        organization=organization,
        name=name,
        engine="postgresql",
        region=region,
        plan=ServicePlan.objects.get(slug=plan),
        admin_user="hwadmin",
        admin_password="never-shown-here",
        **more,
    )


def names(browser: Client, **query: str) -> list[str]:
    """Return the names on the page, in order."""
    return [row.name for row in browser.get(URL, query).context["rows"]]


def test_an_empty_list_teaches_and_leads_to_the_wizard(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN).get(URL).content.decode()
    assert "No data stores yet" in page
    assert f'href="{reverse("store-create")}"' in page


def test_a_row_says_everything_of_a_store(sign_in: SignIn, running: DataStore) -> None:
    page = sign_in(Role.DEVELOPER).get(URL).content.decode()
    for text in ("orders", "PostgreSQL", "Hobbyist", "AWS", "AWS, Frankfurt", "eu-central-1", "Running"):
        assert text in page
    assert f"localhost:{running.slot.port}" in page
    assert running.admin_password not in page


def test_roles_without_connection_details_see_no_endpoint(sign_in: SignIn, running: DataStore) -> None:
    page = sign_in(Role.VIEWER).get(URL).content.decode()
    assert "orders" in page
    assert f":{running.slot.port}" not in page
    assert "Needs the role Admin or DevOps; yours is Viewer." in page


def test_other_organizations_and_deleted_stores_are_absent(outsider: Client, sign_in: SignIn, store: DataStore) -> None:
    assert names(outsider) == []
    store.set_state(DataStore.State.DELETED)
    assert names(sign_in(Role.ADMIN)) == []


def test_search_filter_and_sort(sign_in: SignIn, organization: Organization, region: Region, plan: ServicePlan) -> None:
    make(organization, region, "alpha", plan="startup-16", state=DataStore.State.RUNNING)
    make(organization, region, "Beta", plan="startup-4", state=DataStore.State.FAILED)
    make(organization, region, "gamma", state=DataStore.State.UNREACHABLE)
    browser = sign_in(Role.ADMIN)
    assert names(browser) == ["alpha", "Beta", "gamma"]
    assert names(browser, sort="-name") == ["gamma", "Beta", "alpha"]
    assert names(browser, sort="plan") == ["gamma", "Beta", "alpha"]
    assert names(browser, sort="nonsense") == ["alpha", "Beta", "gamma"]
    assert names(browser, q="BET") == ["Beta"]
    assert names(browser, state="attention") == ["Beta", "gamma"]
    assert names(browser, state="attention", q="gam") == ["gamma"]
    assert names(browser, type="postgresql", state="off") == []
    assert "Nothing found" in browser.get(URL, {"q": "zzz"}).content.decode()
    assert names(browser, type="no-such-type", state="no-such-state") == ["alpha", "Beta", "gamma"]


def test_fifty_to_a_page_and_the_last_page_for_a_number_beyond(
    sign_in: SignIn,
    organization: Organization,
    region: Region,
    plan: ServicePlan,
) -> None:
    for number in range(53):
        make(organization, region, f"store-{number:02}")
    browser = sign_in(Role.ADMIN)
    assert len(names(browser)) == 50
    assert names(browser, page="2") == ["store-50", "store-51", "store-52"]
    assert names(browser, page="99") == names(browser, page="2")


def test_the_list_asks_again_only_while_something_moves(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    assert "every 3s" not in browser.get(URL).content.decode()
    running.set_state(DataStore.State.POWERING_OFF)
    assert "every 3s" in browser.get(URL).content.decode()


@pytest.mark.parametrize("count", [2, 50])
def test_the_number_of_queries_does_not_grow(
    sign_in: SignIn,
    organization: Organization,
    region: Region,
    plan: ServicePlan,
    count: int,
    django_assert_max_num_queries: object,
) -> None:
    for number in range(count):
        store = make(organization, region, f"store-{number:02}")
        EdgeSlot.objects.create(number=9000 + number, port=40000 + number, store=store)
    browser = sign_in(Role.ADMIN)
    with django_assert_max_num_queries(MOST_QUERIES):  # type: ignore[operator]
        assert len(names(browser)) == count


def test_only_reading_and_only_for_members(sign_in: SignIn, client: Client) -> None:
    assert sign_in(Role.ADMIN).post(URL).status_code == 405
    assert client.get(URL).status_code == 302
