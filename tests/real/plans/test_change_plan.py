"""A plan changed on real servers: other limits at once, the same address and data; and the way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions.plans import change_plan
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, MeterReading, Node, Operation, Region, ServicePlan
from datastores.sites.local.machine import Machine
from datastores.sites.local.procedures import change_plan as procedure
from datastores.sites.local.procedures.change_plan import ChangePlan
from tests.conformance.clients import CLIENTS
from tests.local_site import connect, settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
Make = Callable[..., DataStore]


@pytest.fixture
def make(actor: Actor, admin: Member, region: Region, local_site: Machine) -> Make:
    """Make a running store of an engine, on Hobbyist where nothing else is said."""

    def made(engine: str, slug: str = "hobbyist") -> DataStore:
        plan = ServicePlan.objects.get(slug=slug)
        store = actions.create_store(actor=actor, member=admin, engine=engine, name="orders", region=region, plan=plan)
        settle(store.operations.get(kind="provision"))
        return fresh(store)

    return made


def fresh(store: DataStore) -> DataStore:
    """Return the row as it is now."""
    return DataStore.objects.get(pk=store.pk)


def move(store: DataStore, slug: str, actor: Actor) -> Operation:
    """Change the plan and wait for the end."""
    operation = change_plan(actor=actor, store=store, plan=ServicePlan.objects.get(slug=slug))
    assert operation is not None
    return settle(operation)


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "cache"])
def test_up_keeps_data_and_address(engine: str, make: Make, actor: Actor) -> None:
    store = make(engine)
    port = store.slot.port
    CLIENTS[engine](store).keep("still here")
    assert move(store, "startup-4", actor).state == Operation.State.DONE
    store = fresh(store)
    assert (store.plan.slug, store.slot.port, store.state) == ("startup-4", port, DataStore.State.RUNNING)
    assert CLIENTS[engine](store).kept() == "still here"
    plans = [reading.plan.slug for reading in MeterReading.objects.filter(store=store, active=True)]
    assert plans == ["hobbyist", "startup-4"]


def test_up_and_down_again_with_the_limits_of_each(make: Make, actor: Actor) -> None:
    store = make("postgresql")
    for slug in ("startup-4", "hobbyist"):
        DataStore.objects.filter(pk=store.pk).update(disk_used_bytes=60_000_000)
        assert move(fresh(store), slug, actor).state == Operation.State.DONE
        store = fresh(store)
        limit = ENGINES["postgresql"].connection_limit(store.plan.facts())
        with connect(store) as client:
            found = client.execute(
                "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
                " - current_setting('reserved_connections')::int"
            ).fetchone()
        assert found == (limit,)


@pytest.mark.parametrize(("first", "then"), [("hobbyist", "startup-4"), ("business-4", "business-8")])
def test_a_plan_that_the_server_can_not_start_with_leads_back(
    first: str, then: str, make: Make, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make("postgresql", first)
    CLIENTS["postgresql"](store).keep("still here")
    configure = ChangePlan.configure_as

    def broken(self: ChangePlan, node: Node, plan: ServicePlan) -> None:
        configure(self, node, plan)
        if plan.slug == then:
            file = self.place_at(node).configuration / "postgresql.conf"
            file.write_text(file.read_text() + "\nmax_connections = none\n")

    monkeypatch.setattr(procedure, "PATIENCE", 1.0)
    monkeypatch.setattr(ChangePlan, "configure_as", broken)
    operation = move(store, then, actor)
    assert operation.state == Operation.State.FAILED
    assert f"runs on {store.plan.name} as before" in operation.sentence
    store = fresh(store)
    assert (store.plan.slug, store.state, store.guarantee_suspended_since) == (first, DataStore.State.RUNNING, None)
    assert {node.state for node in store.nodes.all()} == {Node.State.UP}
    assert CLIENTS["postgresql"](store).kept() == "still here"
