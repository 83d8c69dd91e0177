"""Plans with standbys changed on real servers under the monitor, while a client writes: nothing acknowledged is lost."""

from __future__ import annotations

import time

import pytest

from console.audit import Actor
from datastores.actions.backups import back_up
from datastores.actions.plans import change_plan
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, EdgeSlot, MeterReading, Operation, ServicePlan
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.procedures import change_plan as procedure
from host.waiting import wait_until
from tests.availability import Maker, Monitor, destroy, fresh, outage, primary, wait_whole, writing
from tests.conformance.clients import CLIENTS

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
WHOLE_SECONDS = 90.0
LONGEST_OUTAGE = 15.0  # a bound for a machine that does other things as well
# Where nodes only come or go, nobody is cut: what is left is a write that waits while the wait itself changes.
LONGEST_PAUSE = 2.0

# The first move of each is to another size and to standbys.
WAYS = {
    "postgresql": ("business-8", "premium-8", "startup-4"),
    "mysql": ("business-8", "startup-4"),
    "cache": ("business-4", "startup-4"),
}
FIRST = {"postgresql": "startup-4", "mysql": "startup-4", "cache": "hobbyist"}


def ended(operation: Operation) -> Operation:
    """Wait until the monitor's worker has carried it to its end."""
    assert wait_until(lambda: not Operation.objects.active().filter(pk=operation.pk).exists(), WHOLE_SECONDS), [
        *operation.steps.values_list("name", "sentence")
    ]
    operation.refresh_from_db()
    return operation


def begin(store: DataStore, slug: str, actor: Actor) -> Operation:
    """Ask for a plan."""
    DataStore.objects.filter(pk=store.pk).update(disk_used_bytes=60_000_000)
    operation = change_plan(actor=actor, store=fresh(store), plan=ServicePlan.objects.get(slug=slug))
    assert operation is not None
    return operation


def assert_has_plan(store: DataStore, slug: str, site: Machine) -> None:
    """Nodes, address for reads, guarantee and limits are those of the plan, and nothing is left of another."""
    wait_whole(store)
    store = fresh(store)
    assert (store.plan.slug, store.state) == (slug, DataStore.State.RUNNING)
    assert EdgeSlot.objects.filter(reader_of=store).exists() == (store.plan.node_count > 1)
    assert store.nodes.count() == store.plan.node_count
    counted = store.nodes.filter(counted=True).count()
    assert counted == (0 if ENGINES[store.engine].asynchronous else store.plan.node_count - 1)
    assert examine(site) == []


@pytest.mark.parametrize("engine", list(WAYS))
def test_up_to_standbys_and_back_to_one_node_loses_nothing(
    engine: str, make: Maker, monitor: Monitor, site: Machine, actor: Actor
) -> None:
    store = make(engine, FIRST[engine])
    port, before = store.slot.port, store.plan
    for slug in WAYS[engine]:
        plan = ServicePlan.objects.get(slug=slug)
        same_size = plan.ram_gib == before.ram_gib
        with writing(store) as client:
            at = time.monotonic()
            done = ended(begin(store, slug, actor))
            assert done.state == Operation.State.DONE, (done.sentence, [*done.steps.values_list("name", "sentence")])
            longest = outage(client, at, asynchronous=engine == "cache")
        assert longest < (LONGEST_PAUSE if same_size else LONGEST_OUTAGE)
        assert_has_plan(store, slug, site)
        before = plan
    assert fresh(store).slot.port == port
    plans = [reading.plan.slug for reading in MeterReading.objects.filter(store=store, active=True)]
    assert plans == [FIRST[engine], *WAYS[engine]]


def test_a_primary_that_fails_while_a_standby_is_made_is_followed_at_once(
    make: Maker, monitor: Monitor, site: Machine, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make("postgresql", "business-4")
    wait_whole(store)
    assert wait_until(lambda: monitor.sees(store), 20)
    before = primary(store)
    monkeypatch.setattr(procedure, "join", lambda *_: "0 of 900 GiB are copied.")
    operation = begin(store, "premium-4", actor)
    assert wait_until(lambda: Operation.objects.get(pk=operation.pk).step == "join", 10)
    with writing(store) as client:
        at = time.monotonic()
        destroy(before)
        assert wait_until(lambda: client.acknowledgements[-1].at > at + 1, 30)
        assert outage(client, at) < LONGEST_OUTAGE
    operation = ended(operation)
    assert operation.state == Operation.State.CANCELLED
    assert "the plan is the one of before" in operation.sentence
    assert primary(store).pk != before.pk
    assert_has_plan(store, "business-4", site)


def test_a_single_node_that_is_lost_while_a_standby_is_made_is_restored(
    make: Maker, monitor: Monitor, actor: Actor, site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make("postgresql", "startup-4")
    CLIENTS["postgresql"](store).keep("still here")
    assert ended(back_up(actor=actor, store=store)).state == Operation.State.DONE
    assert wait_until(lambda: monitor.sees(store), 20)
    monkeypatch.setattr(procedure, "join", lambda *_: "0 of 900 GiB are copied.")
    operation = begin(store, "business-4", actor)
    assert wait_until(lambda: Operation.objects.get(pk=operation.pk).step == "join", 10)
    destroy(primary(store))
    assert ended(operation).state == Operation.State.CANCELLED
    assert wait_until(lambda: store.operations.filter(kind="restore_node", state="done").exists(), WHOLE_SECONDS)
    assert wait_until(lambda: store.nodes.count() == 1 and fresh(store).running_operation() is None, WHOLE_SECONDS)
    assert_has_plan(store, "startup-4", site)
    assert CLIENTS["postgresql"](store).kept() == "still here"
