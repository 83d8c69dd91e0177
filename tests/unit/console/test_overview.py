"""``/``: the front page."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from console.models import Person
from tests.access.cast import World
from tests.unit.console.conftest import Browser

PAGE = "/"


def test_greets_with_the_organization_and_its_stores(browser: Browser) -> None:
    page = browser("viewer").get(PAGE).content.decode()
    assert "<h1>Acme</h1>" in page
    assert "orders" in page


def test_an_empty_organization_is_taught_one_next_step(world: World) -> None:
    page = world.client("outsider").get(PAGE).content.decode()
    assert reverse("store-create") in page
    assert "orders" not in page


def test_somebody_without_an_organization_creates_one(newcomer: Person) -> None:
    client = Client()
    client.force_login(newcomer)
    assert client.get(PAGE)["Location"] == reverse("organization-create")


def test_anonymous_signs_in_and_comes_back(client: Client, db: None) -> None:
    assert client.get(PAGE)["Location"] == f"{reverse('account_login')}?next=/"


def test_is_read_only(browser: Browser) -> None:
    assert browser("admin").post(PAGE).status_code == 405
