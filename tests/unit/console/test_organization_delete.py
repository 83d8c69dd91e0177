"""Deleting an organization: by its typed name, once nothing stands in the way, and then at once."""

from __future__ import annotations

from console.models import AuditEvent, Organization, Person
from datastores.models import DataStore
from tests.access.cast import World

PAGE = "/settings/delete/"


def test_a_data_store_stands_in_the_way(world: World) -> None:
    admin = world.client("admin")
    answer = admin.post(PAGE, {"confirm_name": "Acme"})
    assert answer.status_code == 422
    assert "Delete its data stores first: orders." in answer.content.decode()
    assert "Delete its data stores first: orders." in admin.get("/settings/").content.decode()


def test_another_name_deletes_nothing(world: World) -> None:
    world.store.set_state(DataStore.State.DELETED)
    answer = world.client("admin").post(PAGE, {"confirm_name": "acme"})
    assert answer.status_code == 422
    assert "Type “Acme”." in answer.content.decode()


def test_it_ends_everybodys_access_and_frees_name_and_handle(world: World) -> None:
    world.store.set_state(DataStore.State.DELETED)
    viewer, admin, invited = world.client("viewer"), world.client("admin"), world.invitation.token
    admin.post(PAGE, {"confirm_name": "Acme"})
    assert viewer.get("/")["Location"] == "/organizations/create/"
    assert viewer.get(f"/invitations/{invited}/").status_code == 410
    answer = admin.post("/organizations/create/", {"name": "Acme", "handle": "acme"})
    assert answer["Location"] == "/"
    world.organization.refresh_from_db()
    assert world.organization.deleted_at is not None
    assert Organization.objects.get(handle="acme").created_by == Person.objects.get(email="admin@cast.test")
    assert AuditEvent.objects.get(action="organization.deleted").detail == {"handle": "acme"}


def test_who_belongs_to_another_organization_goes_there(world: World) -> None:
    world.store.set_state(DataStore.State.DELETED)
    outsider = world.client("outsider")
    outsider.post(f"/invitations/{world.invitation.token}/")
    assert "<h1>Acme</h1>" in outsider.get("/").content.decode()
    world.client("admin").post(PAGE, {"confirm_name": "Acme"})
    assert "<h1>Elsewhere</h1>" in outsider.get("/").content.decode()
