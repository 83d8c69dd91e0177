"""Two people create at the same instant where only one store fits."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Region, ServicePlan, Site


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_of_two_is_refused(admin: Member, actor: Actor, region: Region, plan: ServicePlan) -> None:
    Site.objects.filter(pk=region.site_id).update(sizing=Site.Sizing.FULL, ram_mib=1500, storage_gib=100)
    region = Region.objects.select_related("site").get(pk=region.pk)
    together, refused = threading.Barrier(2), []

    def create(name: str) -> None:
        together.wait(10)
        try:
            actions.create_store(actor=actor, member=admin, engine="postgresql", name=name, region=region, plan=plan)
        except Refusal as refusal:
            refused.append(refusal.sentence)
        finally:
            connection.close()

    people = [threading.Thread(target=create, args=(name,)) for name in ("first", "second")]
    for person in people:
        person.start()
    for person in people:
        person.join(20)
    assert DataStore.objects.count() == 1
    assert refused == ["0.4 GiB of RAM are free here; this plan needs 1."]
