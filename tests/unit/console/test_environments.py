"""``/settings/environments/`` and the page of one environment."""

from __future__ import annotations

from console.models import AuditEvent, Environment
from tests.access.cast import World

PAGE = "/settings/environments/"


def one(world: World) -> str:
    """Return the address of Development."""
    return f"{PAGE}{world.environment.pk}/"


def test_lists_them_in_their_order(world: World) -> None:
    page = world.client("viewer").get(PAGE).content.decode()
    assert page.index("Development") < page.index("Production")
    assert "Critical" in page


def test_an_admin_adds_one_behind_the_others(world: World) -> None:
    world.client("admin").post(PAGE, {"name": "Staging", "critical": "on"})
    last = list(world.organization.environments.all())[-1]
    assert (last.name, last.critical) == ("Staging", True)
    assert AuditEvent.objects.get(action="environment.created").object_name == "Staging"


def test_a_name_that_is_there_is_refused_whatever_its_case(world: World) -> None:
    answer = world.client("admin").post(PAGE, {"name": "PRODUCTION", "critical": "on"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "already has an environment with this name" in page
    assert 'value="PRODUCTION"' in page
    assert "checked" in page


def test_an_admin_renames_and_marks_one(world: World) -> None:
    world.client("admin").post(one(world), {"name": "Sandbox", "critical": "on"})
    world.environment.refresh_from_db()
    assert (world.environment.name, world.environment.critical) == ("Sandbox", True)
    detail = AuditEvent.objects.get(action="environment.changed").detail
    assert detail == {"name": "Development → Sandbox", "critical": True}


def test_renaming_to_a_name_that_is_there_is_refused(world: World) -> None:
    answer = world.client("admin").post(one(world), {"name": "Production"})
    assert answer.status_code == 422
    assert 'value="Production"' in answer.content.decode()


def test_another_organizations_environment_does_not_exist(world: World) -> None:
    assert world.client("outsider").get(one(world)).status_code == 404
    assert world.client("outsider").post(one(world), {"name": "Mine"}).status_code == 404
    assert Environment.objects.filter(name="Development").count() == 2


def test_who_may_only_look_can_not_add_or_change(world: World) -> None:
    viewer = world.client("viewer")
    assert "Add environment" not in viewer.get(PAGE).content.decode()
    assert viewer.post(PAGE, {"name": "Mine"}).status_code == 403
    assert viewer.post(one(world), {"name": "Mine"}).status_code == 403
    assert not Environment.objects.filter(name="Mine").exists()


def test_other_methods_are_refused(world: World) -> None:
    assert world.client("admin").delete(PAGE).status_code == 405
    assert world.client("admin").delete(one(world)).status_code == 405
