"""What every engine with standbys must do, seen by its own client: follow, switch over, fail over, be replaced."""

from __future__ import annotations

import signal
import time

import pytest

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Node, Operation, Region, ServicePlan
from datastores.operations.opening import open_operation
from datastores.sites.local import phases
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from tests.conformance.clients import CLIENTS
from tests.local_site import settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
ENGINES = ("cache", "mysql", "postgresql")


def make(engine: str, plan: str, actor: Actor, admin: Member, region: Region) -> DataStore:
    chosen = ServicePlan.objects.get(slug=plan)
    made = actions.create_store(actor=actor, member=admin, engine=engine, name="orders", region=region, plan=chosen)
    done = settle(made.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return fresh(made)


def fresh(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)


def primary(store: DataStore) -> Node:
    return Node.objects.select_related("store__region__site", "store__plan").get(store=store, role="primary")


@pytest.fixture(params=ENGINES)
def store(request, actor, admin, region, local_site):
    return make(request.param, "premium-4", actor, admin, region)


def test_life(store: DataStore, local_site: Machine, actor: Actor) -> None:
    steps = [(s.name, s.seconds) for s in store.operations.get().steps.all()]
    assert store.guarantee_suspended_since is None
    assert {n.state for n in store.nodes.all()} == {"up"}
    client = CLIENTS[store.engine](store)
    client.keep("one")
    op = open_operation("switch_over", store=store, requested_by="test", memo={})
    t = time.time()
    settle(op)
    assert op.state == "done", op.sentence
    client = CLIENTS[store.engine](fresh(store))
    assert client.kept() == "one"
    client.keep("two")
    client.close()
    old = primary(store)
    local_site.supervisor.program(place_of(old, local_site.home).name).send(signal.SIGKILL)
    old.set_state(Node.State.FENCED)
    op = open_operation(
        "fail_over", store=fresh(store), requested_by="test", memo={"node": str(old.pk), "phases": phases.begin()}
    )
    t = time.time()
    settle(op)
    assert op.state == "done", op.sentence
    assert CLIENTS[store.engine](fresh(store)).kept() == "one"
    op = open_operation("replace_node", store=fresh(store), requested_by="test", memo={"lost": str(old.pk)})
    t = time.time()
    settle(op)
    assert op.state == "done", op.sentence
    assert fresh(store).guarantee_suspended_since is None
    assert {n.state for n in store.nodes.all()} == {"up"}
    assert examine(local_site) == []
