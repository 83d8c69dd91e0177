"""``/organizations/switch/``: which organization a person looks at."""

from __future__ import annotations

from console.models import Member, Organization
from tests.access.cast import World

PAGE = "/organizations/switch/"


def test_the_pages_show_the_chosen_one(world: World, taken: Organization) -> None:
    Member.objects.create(organization=taken, person=world.people["viewer"], role="admin")
    client = world.client("viewer")
    assert "<h1>Acme</h1>" in client.get("/").content.decode()
    client.post(PAGE, {"organization": str(taken.pk)})
    page = client.get("/").content.decode()
    assert "<h1>Blue Heron</h1>" in page
    assert "Acme" in page, "the switcher offers the other one"


def test_another_organization_does_not_exist(world: World, taken: Organization) -> None:
    client = world.client("admin")
    assert client.post(PAGE, {"organization": str(taken.pk)}).status_code == 404
    assert "<h1>Acme</h1>" in client.get("/").content.decode()


def test_nonsense_does_not_exist(world: World) -> None:
    assert world.client("admin").post(PAGE, {"organization": "x"}).status_code == 404
    assert world.client("admin").post(PAGE).status_code == 404


def test_somebody_who_left_looks_at_what_remains(world: World, taken: Organization) -> None:
    membership = Member.objects.create(organization=taken, person=world.people["viewer"], role="admin")
    client = world.client("viewer")
    client.post(PAGE, {"organization": str(taken.pk)})
    membership.delete()
    assert "<h1>Acme</h1>" in client.get("/").content.decode()


def test_is_a_post(world: World) -> None:
    assert world.client("admin").get(PAGE).status_code == 405
