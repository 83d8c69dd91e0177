"""``/settings/members/`` and ``/settings/roles/``."""

from __future__ import annotations

from console.permissions import TABLE, Role
from tests.access.cast import World

MEMBERS, ROLES = "/settings/members/", "/settings/roles/"


def test_lists_the_members_with_their_roles(world: World) -> None:
    page = world.client("viewer").get(MEMBERS).content.decode()
    for role in Role:
        assert f"{role.value}@cast.test" in page
        assert role.label in page
    assert "outsider@cast.test" not in page


def test_an_outsider_sees_their_own(world: World) -> None:
    page = world.client("outsider").get(MEMBERS).content.decode()
    assert "outsider@cast.test" in page
    assert "admin@cast.test" not in page


def test_the_table_of_roles_is_the_enforced_one(world: World) -> None:
    page = world.client("developer").get(ROLES).content.decode()
    assert all(words in page for _, words in TABLE.values())
    assert page.count(">Yes<") == sum(len(allowed) for allowed, _ in TABLE.values())
    assert "Your role is Developer." in page


def test_the_lists_themselves_are_read_only(world: World) -> None:
    assert world.client("admin").post(MEMBERS).status_code == 405
    assert world.client("admin").post(ROLES).status_code == 405
