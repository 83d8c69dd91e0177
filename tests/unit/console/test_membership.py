"""Changing roles, removing, leaving: access ends at once, and an Admin always stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.actions.members import change_role, leave, remove_member
from console.audit import Actor
from console.errors import Refusal
from console.models import AuditEvent, Member, Notice
from console.permissions import Role
from tests.access.cast import World

PAGE = "/settings/members/"


def member(world: World, role: str) -> Member:
    """Return a member of Acme."""
    return world.organization.memberships.get(person=world.people[role])


def test_a_new_role_counts_with_the_next_request(world: World) -> None:
    developer = world.client("developer")
    assert developer.get("/activity/").status_code == 403
    world.client("admin").post(f"{PAGE}{member(world, 'developer').pk}/role/", {"role": "devops"})
    assert developer.get("/activity/").status_code == 200
    assert AuditEvent.objects.get(action="member.role_changed").detail == {"role": "Developer → DevOps"}


def test_the_same_role_again_is_no_event(world: World) -> None:
    world.client("admin").post(f"{PAGE}{member(world, 'viewer').pk}/role/", {"role": "viewer"})
    assert not AuditEvent.objects.filter(action="member.role_changed").exists()


def test_an_unknown_role_is_404(world: World) -> None:
    answer = world.client("admin").post(f"{PAGE}{member(world, 'viewer').pk}/role/", {"role": "king"})
    assert answer.status_code == 404


def test_removal_ends_access_on_every_device(world: World) -> None:
    devices = [world.client("devops"), world.client("devops")]
    assert all(device.get(f"/databases/{world.store.pk}/").status_code == 200 for device in devices)
    world.client("admin").post(f"{PAGE}{member(world, 'devops').pk}/remove/")
    for device in devices:
        assert device.get(f"/databases/{world.store.pk}/").status_code == 302  # to an organization of their own
        assert device.post(f"/databases/{world.store.pk}/reveal/").status_code == 302
    assert "devops@cast.test was removed" in Notice.objects.get(kind="members").subject


def test_removal_is_asked_twice(world: World) -> None:
    page = world.client("admin").get(f"{PAGE}{member(world, 'devops').pk}/remove/").content.decode()
    assert "loses access to Acme at once" in page
    assert Member.objects.filter(person=world.people["devops"]).exists()


def test_leaving_leads_away_and_keeps_everything(world: World) -> None:
    viewer = world.client("viewer")
    assert viewer.post(f"{PAGE}leave/")["Location"] == "/"
    assert viewer.get(PAGE)["Location"] == "/organizations/create/"
    assert AuditEvent.objects.get(action="member.left").object_name == "viewer@cast.test"


@pytest.mark.parametrize("way", ["leave", "remove", "demote"])
def test_the_last_admin_stays(world: World, way: str) -> None:
    admin = member(world, "admin")
    actor = Actor(person=admin.person)
    ways: dict[str, Callable[[], object]] = {
        "leave": lambda: leave(actor=actor, member=admin),
        "remove": lambda: remove_member(actor=actor, member=admin),
        "demote": lambda: change_role(actor=actor, member=admin, role=Role.VIEWER),
    }
    with pytest.raises(Refusal, match="at least one Admin"):
        ways[way]()
    admin.refresh_from_db()
    assert admin.role == "admin"


def test_one_of_two_admins_may_leave(world: World) -> None:
    change_role(actor=Actor(), member=member(world, "devops"), role=Role.ADMIN)
    leave(actor=Actor(), member=member(world, "admin"))
    with pytest.raises(Refusal):
        leave(actor=Actor(), member=member(world, "devops"))


def test_an_inactive_admin_does_not_count(world: World) -> None:
    change_role(actor=Actor(), member=member(world, "devops"), role=Role.ADMIN)
    person = world.people["devops"]
    person.is_active = False
    person.save()
    with pytest.raises(Refusal):
        leave(actor=Actor(), member=member(world, "admin"))


def test_somebody_elses_members_are_404(world: World) -> None:
    path = f"{PAGE}{member(world, 'viewer').pk}/"
    assert world.client("outsider").post(f"{path}role/", {"role": "admin"}).status_code == 404
    assert world.client("outsider").post(f"{path}remove/").status_code == 404
