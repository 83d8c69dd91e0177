"""``/settings/``: the organization's name, handle and ID."""

from __future__ import annotations

from console.models import AuditEvent, Organization
from tests.access.cast import World
from tests.unit.console.conftest import Browser

PAGE = "/settings/"


def test_shows_the_id_to_copy(world: World) -> None:
    assert str(world.organization.pk) in world.client("viewer").get(PAGE).content.decode()


def test_an_admin_renames_it(world: World) -> None:
    world.client("admin").post(PAGE, {"name": "Acme Corp", "handle": "acme"})
    world.organization.refresh_from_db()
    assert world.organization.name == "Acme Corp"
    assert AuditEvent.objects.get(action="organization.changed").detail == {"name": "Acme → Acme Corp"}


def test_saving_without_a_change_leaves_no_event(world: World) -> None:
    world.client("admin").post(PAGE, {"name": "Acme", "handle": "acme"})
    assert not AuditEvent.objects.filter(action="organization.changed").exists()


def test_a_taken_handle_stands_beside_the_field(world: World) -> None:
    answer = world.client("admin").post(PAGE, {"name": "Acme Two", "handle": "elsewhere"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "taken by another organization" in page
    assert 'value="Acme Two"' in page
    assert '<span class="truncate">Acme</span>' in page, "the header goes on showing the true name"


def test_the_handle_can_not_be_emptied(world: World) -> None:
    assert world.client("admin").post(PAGE, {"name": "Acme", "handle": ""}).status_code == 422


def test_who_may_only_look_sees_no_form_and_is_told_who_may(browser: Browser) -> None:
    viewer = browser("viewer")
    assert '<input type="text" name="handle"' not in viewer.get(PAGE).content.decode()
    answer = viewer.post(PAGE, {"name": "Mine", "handle": "mine"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "is for Admin; you are Viewer" in page
    assert not Organization.objects.filter(handle="mine").exists()


def test_an_outsider_changes_only_their_own(world: World) -> None:
    world.client("outsider").post(PAGE, {"name": "Theirs", "handle": "elsewhere"})
    world.organization.refresh_from_db()
    assert world.organization.name == "Acme"


def test_other_methods_are_refused(browser: Browser) -> None:
    assert browser("admin").put(PAGE).status_code == 405
