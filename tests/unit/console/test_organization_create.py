"""``/organizations/create/`` and the handle that it proposes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from console.models import AuditEvent, Member, Organization, Person

PAGE = "/organizations/create/"
PROPOSAL = "/organizations/handle/"


@pytest.fixture
def client(newcomer: Person) -> Client:
    """The newcomer's browser."""
    client = Client()
    client.force_login(newcomer)
    return client


def test_creates_it_with_environments_and_an_admin(client: Client, newcomer: Person) -> None:
    answer = client.post(PAGE, {"name": "Night Owl", "handle": "night-owl"})
    organization = Organization.objects.get(handle="night-owl")
    assert answer["Location"] == reverse("overview")
    assert list(organization.environments.values_list("name", "critical")) == [
        ("Development", False),
        ("Production", True),
    ]
    assert Member.objects.get(organization=organization).role == "admin"
    event = AuditEvent.objects.get(action="organization.created")
    assert (event.actor, event.organization_id, event.object_name) == (
        newcomer.email,
        organization.pk,
        "Night Owl",
    )


def test_the_new_organization_is_the_one_looked_at(client: Client, newcomer: Person, taken: Organization) -> None:
    Member.objects.create(organization=taken, person=newcomer, role="viewer")
    client.post(PAGE, {"name": "Night Owl", "handle": ""})
    assert "<h1>Night Owl</h1>" in client.get("/").content.decode()


def test_an_empty_handle_is_made_of_the_name(client: Client, taken: Organization) -> None:
    client.post(PAGE, {"name": "Blue Heron", "handle": ""})
    assert Organization.objects.get(created_by__email="new@heron.test").handle == "blue-heron-2"


def test_a_taken_handle_stands_beside_the_field_and_nothing_is_lost(client: Client, taken: Organization) -> None:
    answer = client.post(PAGE, {"name": "My Heron", "handle": "blue-heron"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This handle is taken by another organization." in page
    assert 'value="My Heron"' in page
    assert 'value="blue-heron"' in page


@pytest.mark.parametrize("handle", ["Blue", "-blue", "blue-", "bl ue", "blüe", "a" * 41])
def test_a_handle_must_be_short_plain_and_lower_case(client: Client, handle: str) -> None:
    answer = client.post(PAGE, {"name": "Night Owl", "handle": handle})
    assert answer.status_code == 422
    assert not Organization.objects.exists()


def test_a_name_without_letters_asks_for_a_handle(client: Client) -> None:
    answer = client.post(PAGE, {"name": "鷺", "handle": ""})
    assert answer.status_code == 422
    assert "write one" in answer.content.decode()


def test_a_second_organization_is_refused_with_what_to_do(client: Client) -> None:
    client.post(PAGE, {"name": "Night Owl", "handle": "night-owl"})
    answer = client.post(PAGE, {"name": "Barn Owl", "handle": "barn-owl"})
    assert answer.status_code == 409
    assert "a person creates at most one" in answer.content.decode()
    assert Organization.objects.count() == 1


def test_other_methods_are_refused(client: Client) -> None:
    assert client.delete(PAGE).status_code == 405
    assert client.post(PROPOSAL).status_code == 405


def test_proposes_a_free_handle(client: Client, taken: Organization) -> None:
    field = client.get(PROPOSAL, {"name": "Blue Heron", "handle": "", "proposed": ""}).content.decode()
    assert 'name="handle" value="blue-heron-2"' in field
    assert 'name="proposed" value="blue-heron-2"' in field


def test_a_handle_that_the_person_wrote_stays(client: Client) -> None:
    answer = client.get(PROPOSAL, {"name": "Blue Heron", "handle": "mine", "proposed": "blue"})
    assert 'value="mine"' in answer.content.decode()
