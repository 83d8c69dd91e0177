"""A free trial from its first day past its last one, on a real server, until the organization pays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from console.actions.tiers import set_tier
from console.audit import Actor
from console.errors import Refusal
from console.models import AuditEvent, Member, Notice, Organization, Tier
from datastores import actions
from datastores.actions.plans import change_plan
from datastores.actions.trials import walk
from datastores.models import DataStore, MeterReading, Operation, Region, ServicePlan
from datastores.presentation.connection import connection_of
from datastores.sites.local.machine import Machine
from tests.conformance.clients import CLIENTS
from tests.local_site import settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
State = DataStore.State


def fresh(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("plan", "organization", "region__site").get(pk=store.pk)


def pass_days(store: DataStore, days: int) -> None:
    """Let days of the trial go by, and do what is due then. The end comes nearer by so much for all who look at a clock."""
    DataStore.objects.filter(pk=store.pk).update(trial_ends_at=F("trial_ends_at") - timedelta(days=days))
    for _ in range(3):  # the minutes that follow
        walk()
        for operation in store.operations.filter(state__in=Operation.ACTIVE):
            settle(operation)


def subjects(store: DataStore) -> list[str]:
    """What the organization was told of, in order."""
    return list(Notice.objects.filter(organization=store.organization).order_by("at").values_list("subject", flat=True))


def uri_of(store: DataStore) -> str:
    shown = connection_of(fresh(store), store.admin_password)
    assert shown
    return shown.uri


def test_a_trial_ends_keeps_its_data_and_comes_back_when_it_is_paid_for(
    organization: Organization, admin: Member, actor: Actor, region: Region, plan: ServicePlan, local_site: Machine
) -> None:
    Organization.objects.update(tier=Tier.FREE)
    store = actions.create_store(
        actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan
    )
    settle(store.operations.get())
    CLIENTS["postgresql"](store).keep("still here")
    uri = uri_of(store)

    pass_days(store, 4)
    assert (subjects(store), fresh(store).state) == ([], State.RUNNING)
    pass_days(store, 1)
    pass_days(store, 0)
    assert subjects(store) == ["orders: 2 days of its trial left"]
    assert CLIENTS["postgresql"](store).kept() == "still here"

    pass_days(store, 2)
    store = fresh(store)
    assert store.state == State.POWERED_OFF
    assert subjects(store)[-1] == "The trial of orders has ended"
    assert store.operations.get(kind="back_up").state == Operation.State.DONE
    with pytest.raises(CLIENTS["postgresql"].refused):
        CLIENTS["postgresql"](store)
    with pytest.raises(Refusal, match="has ended"):
        actions.power_on(actor=actor, store=store)
    with pytest.raises(Refusal, match="paid tier"):
        change_plan(actor=actor, store=store, plan=ServicePlan.objects.get(slug="business-4"))

    assert set_tier(actor=actor, organization=organization, tier=Tier.PAID)
    settle(store.operations.get(kind="power_on", state__in=Operation.ACTIVE))
    store = fresh(store)
    assert (store.state, store.trial_ends_at, uri_of(store)) == (State.RUNNING, None, uri)
    assert CLIENTS["postgresql"](store).kept() == "still here"
    assert AuditEvent.objects.filter(action="store.trial_upgraded").count() == 1

    operation = change_plan(actor=actor, store=store, plan=ServicePlan.objects.get(slug="business-4"))
    assert operation
    assert settle(operation).state == Operation.State.DONE
    assert (fresh(store).plan.slug, uri_of(store)) == ("business-4", uri)
    assert CLIENTS["postgresql"](store).kept() == "still here"
    active = MeterReading.objects.filter(store=store, active=True)
    assert [(row.trial, row.plan.slug) for row in active] == [
        (True, "hobbyist"),
        (False, "hobbyist"),
        (False, "business-4"),
    ]
