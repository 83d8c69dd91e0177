"""``/activity/``: who did what, when, from where."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console import audit
from console.audit import Actor
from console.views.activity import LAST_PAGE, PAGE, page_number
from tests.access.cast import PASSWORD, World

ADDRESS = "/activity/"


@pytest.fixture
def events(world: World) -> None:
    """Two events of Acme and one of somebody else."""
    admin = Actor(person=world.people["admin"], address="192.0.2.7")
    devops = Actor(person=world.people["devops"], address="192.0.2.8")
    audit.record("store.created", actor=admin, organization=world.organization, subject=world.store, plan="Hobbyist")
    audit.record("store.power_off", actor=devops, organization=world.organization, subject=world.store)
    elsewhere = world.people["outsider"].created_organization
    audit.record("store.deleted", actor=Actor(label="stranger"), organization=elsewhere)


def rows(world: World, query: str = "", who: str = "admin") -> str:
    """Return the body of the table."""
    page = world.client(who).get(ADDRESS + query).content.decode()
    return page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""


def test_tells_who_what_object_and_from_where(world: World, events: None) -> None:
    body = rows(world)
    for words in ("Created the data store “orders”", "Plan: Hobbyist", "admin@cast.test", "192.0.2.7"):
        assert words in body


def test_newest_first(world: World, events: None) -> None:
    body = rows(world)
    assert body.index("Powered off") < body.index("Created the data store")


def test_another_organizations_events_do_not_exist(world: World, events: None) -> None:
    assert "stranger" not in rows(world)
    assert "orders" not in rows(world, who="outsider")


def test_people_who_act_on_themselves_are_named_once(world: World) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": "admin@cast.test", "password": PASSWORD})
    body = client.get(ADDRESS).content.decode()
    assert "Signed in" in body
    assert "“admin@cast.test”" not in body


@pytest.mark.parametrize(
    ("query", "found", "hidden"),
    [
        ("?action=store.power_off", "Powered off", "Created the data store"),
        ("?person=DEVOPS", "Powered off", "Created the data store"),
        ("?object=acm", "Created the organization", "Powered off"),
    ],
)
def test_filters(world: World, events: None, query: str, found: str, hidden: str) -> None:
    body = rows(world, query)
    assert found in body
    assert hidden not in body


def test_a_filter_without_a_match_says_so_and_leads_back(world: World) -> None:
    page = world.client("admin").get(ADDRESS + "?object=nothing-like-this").content.decode()
    assert "Nothing fits this filter" in page
    assert f'href="{ADDRESS}"' in page


def test_nonsense_in_the_filter_is_as_good_as_none(world: World, events: None) -> None:
    assert "Powered off" in rows(world, "?action=no.such.action&page=x")


def test_pages_keep_the_filter(world: World) -> None:
    actor = Actor(person=world.people["admin"])
    for number in range(PAGE + 1):
        audit.record("store.created", actor=actor, organization=world.organization, number=number)
    first = world.client("admin").get(ADDRESS + "?action=store.created").content.decode()
    assert first.count("<tr>") == PAGE + 1, "a page of rows and the heading"
    assert "?action=store.created&amp;page=2" in first
    second = rows(world, "?action=store.created&page=2")
    assert "Number: 0<" in second
    assert second.count("<tr>") == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 1), ("0", 1), ("-3", 1), ("2", 2), ("x", 1), ("²", 1), ("99999", LAST_PAGE), ("9" * 40, 1)],
)
def test_any_page_number_is_answered(text: str, number: int) -> None:
    assert page_number(text) == number


def test_a_role_without_the_permission_is_told_who_has_it(world: World) -> None:
    answer = world.client("viewer").get(ADDRESS)
    assert answer.status_code == 403
    assert "Admin, DevOps, Billing Admin" in answer.content.decode()


def test_is_read_only(world: World) -> None:
    assert world.client("admin").post(ADDRESS).status_code == 405


def exported(world: World, form: str, query: str = "") -> str:
    """Return what an Admin downloads."""
    answer = world.client("admin").get(f"/activity/export.{form}?{query}")
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_the_export_has_what_the_filter_leaves(world: World) -> None:
    audit.record(
        "store.created",
        actor=Actor(label="=mara"),
        organization=world.organization,
        subject=world.store,
        plan="Hobbyist",
    )
    (row,) = csv.DictReader(io.StringIO(exported(world, "csv", "action=store.created")))
    assert (row["actor"], row["object_name"], row["detail"]) == ("'=mara", "orders", '{"plan": "Hobbyist"}')
    (event,) = json.loads(exported(world, "json", "action=store.created"))
    assert event["detail"] == {"plan": "Hobbyist"}
    assert event["actor"] == "=mara"


def test_days_filter_and_an_empty_export_is_an_empty_list(world: World) -> None:
    today = timezone.now().date()
    assert len(json.loads(exported(world, "json", f"since={today}&until={today}"))) > 0
    assert json.loads(exported(world, "json", f"since={today + timedelta(days=1)}")) == []
    assert exported(world, "csv", "since=2100-01-01").splitlines() == [
        "at,actor,action,object_type,object_id,object_name,address,detail"
    ]


def test_another_organization_and_another_format_are_not_exported(world: World) -> None:
    answer = world.client("outsider").get("/activity/export.json")
    assert "Acme" not in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert world.client("admin").get("/activity/export.xml").status_code == 404
