"""Kill the worker at every step of a change of plan with standbys, on the way there and on the way back."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions.plans import change_plan
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, EdgeSlot, Node, Operation, Region, ServicePlan
from datastores.operations import runner
from datastores.operations.opening import open_operation
from datastores.operations.outcomes import Outcome, Wait
from datastores.operations.procedure import Procedure
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.monitor.care import restore_redundancy
from datastores.sites.local.parting import part_with
from datastores.sites.local.places import place_of
from datastores.sites.local.procedures.change_plan import ChangePlan
from host.waiting import wait_until
from tests.crash.test_crash_ring import Killed, client_of, kill_after, run_over_a_death
from tests.local_site import connect, settle

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]

MAKING = (
    "allot",
    "join",
    "cover",
    "resize_standbys",
    "choose",
    "hand_over",
    "settle",
    "synchronise",
    "finish",
    "verify",
)
UP = [*MAKING, "release", "align", "close"]
DOWN = ["allot", "stop", "start", "verify", "release", "align", "close"]
BACK = ["back_stop", "back_start", "back_nodes", "back_standbys", "back_verify"]


@pytest.fixture
def make(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """PostgreSQL on one node, with a row in it."""
    return made(actor, admin, region, "startup-4")


def made(actor: Actor, admin: Member, region: Region, slug: str, engine: str = "postgresql") -> DataStore:
    plan = ServicePlan.objects.get(slug=slug)
    store = actions.create_store(actor=actor, member=admin, engine=engine, name="orders", region=region, plan=plan)
    assert settle(store.operations.get()).state == Operation.State.DONE
    client_of(store).keep("still here")
    DataStore.objects.filter(pk=store.pk).update(disk_used_bytes=60_000_000)
    return DataStore.objects.get(pk=store.pk)


def ask(store: DataStore, slug: str, actor: Actor) -> Operation:
    operation = change_plan(actor=actor, store=store, plan=ServicePlan.objects.get(slug=slug))
    assert operation is not None
    return operation


def assert_is_on(store: DataStore, slug: str, site: Machine) -> None:
    """Every trace of a store says the same plan: row, nodes, files, services, addresses, guarantee and limit."""
    store = DataStore.objects.select_related("plan").get(pk=store.pk)
    assert store.plan.slug == slug
    assert store.state == DataStore.State.RUNNING
    assert client_of(store).kept() == "still here"
    assert [node.state for node in store.nodes.all()] == [Node.State.UP] * store.plan.node_count
    assert store.nodes.filter(role=Node.Role.PRIMARY).count() == 1
    asynchronous = ENGINES[store.engine].asynchronous
    assert store.nodes.filter(counted=True).count() == (0 if asynchronous else store.plan.node_count - 1)
    assert store.guarantee_suspended_since is None
    assert EdgeSlot.objects.filter(reader_of=store).exists() == (store.plan.node_count > 1)
    places = {place_of(node, site.home).name for node in store.nodes.all()}
    assert {name for name in site.supervisor.names() if name.startswith("node-")} == places
    assert {path.name for path in site.home.nodes.iterdir()} == places
    assert examine(site) == []
    if store.engine != "postgresql":
        return
    with connect(store) as client:
        limit = "SELECT current_setting('max_connections')::int - 8 < %s, count(*) FROM pg_replication_slots"
        small, slots = client.execute(limit, [25 * store.plan.ram_gib + 1]).fetchone() or (None, None)
    assert (small, slots) == (True, store.plan.node_count - 1)


def dies_after_each(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the worker die once after the effect of each step, before its outcome is written."""
    deaths: list[str] = []
    record = runner._record

    def dying(operation: Operation, procedure: Procedure, outcome: Outcome, *, keep: bool = False) -> None:
        if operation.step not in deaths and not isinstance(outcome, Wait):
            deaths.append(operation.step)
            raise Killed
        record(operation, procedure, outcome, keep=keep)

    monkeypatch.setattr(runner, "_record", dying)
    return deaths


def run_over_all(operation: Operation) -> Operation:
    """Run to the end with a new worker after each death."""
    while Operation.objects.active().filter(pk=operation.pk).exists():
        with contextlib.suppress(Killed):
            settle(operation)
        Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    operation.refresh_from_db()
    return operation


def test_killed_at_every_step_to_a_standby_and_a_new_size(
    make: DataStore, actor: Actor, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = make.slot.port
    operation = ask(make, "business-8", actor)
    deaths = dies_after_each(monkeypatch)
    assert run_over_all(operation).state == Operation.State.DONE, operation.sentence
    assert deaths == UP
    assert_is_on(make, "business-8", local_site)
    assert EdgeSlot.objects.get(store=make).port == port


@pytest.mark.parametrize(
    ("engine", "plans"),
    [("mysql", ("startup-4", "business-8", "startup-4")), ("cache", ("hobbyist", "business-4", "startup-4"))],
)
def test_killed_at_every_step_of_the_other_engines(
    engine: str,
    plans: tuple[str, ...],
    actor: Actor,
    admin: Member,
    region: Region,
    local_site: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = made(actor, admin, region, plans[0], engine)
    deaths = dies_after_each(monkeypatch)
    for slug in plans[1:]:
        deaths.clear()
        DataStore.objects.filter(pk=store.pk).update(disk_used_bytes=60_000_000)
        operation = ask(DataStore.objects.get(pk=store.pk), slug, actor)
        assert run_over_all(operation).state == Operation.State.DONE, operation.sentence
        assert {"verify", "release", "close"} <= set(deaths)
        assert_is_on(store, slug, local_site)


def test_killed_at_every_step_to_a_smaller_size_and_fewer_nodes(
    actor: Actor, admin: Member, region: Region, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made(actor, admin, region, "premium-8")
    operation = ask(store, "business-4", actor)
    deaths = dies_after_each(monkeypatch)
    assert run_over_all(operation).state == Operation.State.DONE, operation.sentence
    assert deaths == DOWN
    assert_is_on(store, "business-4", local_site)


def test_killed_at_every_step_back_everything_is_as_before(
    make: DataStore, actor: Actor, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = ChangePlan.verify_access
    monkeypatch.setattr(
        ChangePlan, "verify_access", lambda self: None if self.operation.step == "verify" else access(self)
    )
    monkeypatch.setattr(ChangePlan, "patience", lambda _self, name: -1.0 if name == "verify" else 40.0)
    operation = ask(make, "business-8", actor)
    deaths = dies_after_each(monkeypatch)
    assert run_over_all(operation).state == Operation.State.FAILED
    assert deaths == [*MAKING, *BACK]
    assert "runs on Startup-4 as before; nothing is lost" in operation.sentence
    assert_is_on(make, "startup-4", local_site)


def test_a_standby_that_can_not_take_over_leaves_the_plan_as_it_was(
    make: DataStore, actor: Actor, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChangePlan, "becomes_primary", lambda *_: False)
    operation = ask(make, "business-8", actor)
    deaths = dies_after_each(monkeypatch)
    assert run_over_all(operation).state == Operation.State.FAILED
    assert "give_up" in deaths
    assert "the standby could not take over in time. The data store runs on Startup-4 as before" in operation.sentence
    assert_is_on(make, "startup-4", local_site)


def test_what_an_ended_change_left_over_is_removed(make: DataStore, actor: Actor, local_site: Machine) -> None:
    operation = ask(make, "premium-4", actor)
    while Operation.objects.get(pk=operation.pk).step in {"allot", "join"}:
        Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now())
        claimed = runner.claim(operation.pk)
        assert claimed
        runner.advance(claimed)
    Operation.objects.filter(pk=operation.pk).update(state=Operation.State.CANCELLED, lease=None, lease_until=None)
    assert make.nodes.count() == 3
    restore_redundancy(DataStore.objects.select_related("plan", "region__site", "organization").get(pk=make.pk))
    removal = make.operations.get(kind="remove_standby")
    assert settle(removal).state == Operation.State.DONE
    assert_is_on(make, "startup-4", local_site)


def test_killed_while_a_standby_is_removed(
    make: DataStore, actor: Actor, local_site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(ask(make, "business-4", actor))
    DataStore.objects.filter(pk=make.pk).update(plan=ServicePlan.objects.get(slug="startup-4"))
    operation = open_operation("remove_standby", store=DataStore.objects.get(pk=make.pk), requested_by="test")
    kill_after(monkeypatch, "remove")
    run_over_a_death(operation)
    assert_is_on(make, "startup-4", local_site)


def test_the_only_standby_stays_while_the_primary_does_not_answer(
    make: DataStore, actor: Actor, local_site: Machine
) -> None:
    settle(ask(make, "business-4", actor))
    standby = make.nodes.get(role=Node.Role.STANDBY)
    primary = place_of(make.nodes.get(role=Node.Role.PRIMARY), local_site.home)
    place = place_of(standby, local_site.home)
    local_site.supervisor.stop(primary.name, 5)
    assert not part_with(local_site, standby)
    assert place.data.exists()
    local_site.supervisor.start(primary.name)
    assert wait_until(lambda: part_with(local_site, standby), 20)
    assert not place.directory.exists()
