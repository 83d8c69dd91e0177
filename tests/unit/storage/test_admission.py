"""Full sizing: a store is created only where its plan fits, and the refusal says what is free."""

from __future__ import annotations

import pytest
from django.test import Client

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from console.permissions import Role
from datastores import actions
from datastores.actions.admission import free_room
from datastores.capacity import Room
from datastores.models import DataStore, Region, ServicePlan, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def full_site(region: Region) -> Site:
    """The region's site in full sizing, with 9 GiB of RAM and 200 GiB of storage."""
    Site.objects.filter(pk=region.site_id).update(sizing=Site.Sizing.FULL, ram_mib=9 * 1024, storage_gib=200)
    return Site.objects.get(pk=region.site_id)


def create(actor: Actor, member: Member, region: Region, plan: str, name: str = "orders") -> DataStore:
    """Create a PostgreSQL as the wizard does."""
    return actions.create_store(
        actor=actor,
        member=member,
        engine="postgresql",
        name=name,
        region=Region.objects.select_related("site").get(pk=region.pk),
        plan=ServicePlan.objects.get(slug=plan),
    )


def test_what_does_not_fit_is_refused_with_what_is_free(
    actor: Actor, admin: Member, region: Region, full_site: Site
) -> None:
    create(actor, admin, region, "hobbyist")
    with pytest.raises(Refusal) as refusal:
        create(actor, admin, region, "startup-16", "large")
    assert refusal.value.sentence == "8 GiB of RAM are free here; this plan needs 16."
    assert refusal.value.remedy
    assert not DataStore.objects.filter(name="large").exists()


def test_storage_counts_too(actor: Actor, admin: Member, region: Region, full_site: Site) -> None:
    Site.objects.update(storage_gib=100)
    create(actor, admin, region, "startup-4")
    with pytest.raises(Refusal, match="20 GiB of storage are free here; this plan needs 80"):
        create(actor, admin, region, "startup-4", "second")


def test_a_deleted_store_gives_its_room_back_and_one_that_is_off_keeps_it(
    actor: Actor, admin: Member, region: Region, full_site: Site
) -> None:
    store = create(actor, admin, region, "startup-8")
    assert free_room(full_site) == Room(1024, 25)
    store.set_state(DataStore.State.POWERED_OFF)
    assert free_room(full_site) == Room(1024, 25)
    store.set_state(DataStore.State.DELETED)
    assert free_room(full_site) == Room(9 * 1024, 200)


def test_in_development_sizing_nothing_is_counted(actor: Actor, admin: Member, region: Region, full_site: Site) -> None:
    Site.objects.update(sizing=Site.Sizing.DEVELOPMENT, ram_mib=1, storage_gib=1)
    assert create(actor, admin, region, "startup-16").pk


def test_without_figures_the_machine_is_measured(full_site: Site) -> None:
    Site.objects.update(ram_mib=None, storage_gib=None)
    free = free_room(Site.objects.get(pk=full_site.pk))
    assert free is not None
    assert free.ram_mib > 0
    assert free.storage_gib > 0


def test_the_wizard_shows_what_does_not_fit_and_refuses_it(client: Client, admin: Member, full_site: Site) -> None:
    client.force_login(admin.person, backend="django.contrib.auth.backends.ModelBackend")
    assert admin.role == Role.ADMIN.value
    address = "/databases/create/plan/?type=postgresql&name=orders&cloud=aws&region=eu-central-1"
    page = client.get(address)
    reason = "9 GiB of RAM are free here; this plan needs 16."
    assert reason in page.content.decode()
    assert [card.slug for card in page.context["offered"]] == ["hobbyist", "startup-4", "startup-8", "business-4"]
    answer = client.post(address, {"plan": "startup-16"})
    assert answer.status_code == 422
    assert reason in answer.content.decode()
