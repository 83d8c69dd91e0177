"""Kill the worker at every step of what changes or makes nodes: one primary, same address, nothing lost, no orphan."""

from __future__ import annotations

import shutil
import signal

import pytest

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, EdgeSlot, Node, Operation, Region, ServicePlan
from datastores.operations.opening import open_operation
from datastores.operations.procedure import Procedure
from datastores.sites.local import phases
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from datastores.sites.local.procedures.add_standby import AddStandby, ReplaceNode
from datastores.sites.local.procedures.fail_over import FailOver
from datastores.sites.local.procedures.restart import Restart
from datastores.sites.local.procedures.switch_over import SwitchOver
from datastores.sites.local.synchrony import converge
from tests.crash.test_crash_ring import client_of, kill_after, run_over_a_death
from tests.local_site import settle

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]

# The way back and the last resort, which a crash alone does not lead to, have tests of their own.
ELSEWHERE = {"take_back", "give_up", "restart_alone", "see"}
STEPS = [
    pytest.param(procedure, name, id=f"{procedure.kind}-{name}")
    for procedure in (FailOver, SwitchOver, AddStandby, ReplaceNode, Restart)
    for name in procedure.steps()
    if name not in ELSEWHERE
]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """PostgreSQL with one standby and a row in it."""
    plan = ServicePlan.objects.get(slug="business-4")
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    assert settle(made.operations.get()).state == Operation.State.DONE
    client_of(made).keep("still here")
    return DataStore.objects.select_related("slot", "plan", "region__site").get(pk=made.pk)


def primary(store: DataStore) -> Node:
    return Node.objects.select_related("store__region__site", "store__plan").get(store=store, role="primary")


def open_fail_over(store: DataStore) -> Operation:
    """Let the primary die, and fence it in the rows as the monitor does."""
    failed = primary(store)
    program = machine().supervisor.program(place_of(failed, machine().home).name)
    assert program is not None
    program.send(signal.SIGKILL)
    failed.set_state(Node.State.FENCED)
    memo = {"node": str(failed.pk), "phases": phases.begin()}
    return open_operation("fail_over", store=store, requested_by="monitor", memo=memo)


def prepare(procedure: type[Procedure], step: str, store: DataStore, actor: Actor) -> Operation:
    """Bring the store to where ``procedure`` takes ``step``, and open its operation."""
    if procedure is FailOver:
        return open_fail_over(store)
    if procedure is SwitchOver:
        return actions.switch_over(actor=actor, store=store)
    if procedure is Restart:
        return actions.restart(actor=actor, store=store)
    if procedure is AddStandby:
        return open_operation("add_standby", store=store, requested_by="test")
    lost = store.nodes.get(role=Node.Role.STANDBY)
    if step in {"end", "rewind"}:  # of a former primary
        lost = primary(store)
        settle(open_fail_over(store))
    return open_operation("replace_node", store=store, requested_by="test", memo={"lost": str(lost.pk)})


@pytest.mark.parametrize(("procedure", "step"), STEPS)
def test_a_worker_killed_at_any_step_leaves_one_primary_and_every_row(
    procedure: type[Procedure],
    step: str,
    store: DataStore,
    actor: Actor,
    local_site: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = store.slot.port
    operation = prepare(procedure, step, store, actor)
    if procedure is ReplaceNode and step == "allot":
        Node.objects.filter(pk=operation.memo["lost"]).update(state=Node.State.FENCED)
        forget(operation)

    deaths = kill_after(monkeypatch, step)
    run_over_a_death(operation)

    operation.refresh_from_db()
    assert deaths == [step]
    assert operation.state == Operation.State.DONE, operation.sentence
    assert client_of(store).kept() == "still here"
    assert EdgeSlot.objects.get(store=store).port == port
    assert store.nodes.filter(role=Node.Role.PRIMARY).count() == 1
    assert examine(local_site) == []
    places = {place_of(node, local_site.home).name for node in store.nodes.all()}
    assert {name for name in local_site.supervisor.names() if name.startswith("node-")} == places
    assert {path.name for path in local_site.home.nodes.iterdir()} == places
    if procedure is not FailOver:
        assert {node.state for node in store.nodes.all()} == {Node.State.UP}
        assert converge(DataStore.objects.get(pk=store.pk))


def forget(operation: Operation) -> None:
    """Let the lost node's row be gone already, as after a deletion that was cut short."""
    node = Node.objects.get(pk=operation.memo["lost"])
    machine().supervisor.remove(place_of(node, machine().home).name, 0)

    shutil.rmtree(place_of(node, machine().home).directory)
    shutil.rmtree(place_of(node, machine().home).sockets)
    node.delete()


def test_a_switchover_whose_standby_can_not_take_over_keeps_the_primary(
    store: DataStore, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = primary(store)
    monkeypatch.setattr(SwitchOver, "becomes_primary", lambda *_: False)
    operation = settle(actions.switch_over(actor=actor, store=store))
    assert operation.state == Operation.State.FAILED
    assert "the primary was kept" in operation.sentence
    assert primary(store).pk == before.pk
    assert client_of(store).kept() == "still here"
    fenced = store.nodes.get(role=Node.Role.STANDBY)
    assert fenced.state == Node.State.FENCED
    again = open_operation("replace_node", store=store, requested_by="test", memo={"lost": str(fenced.pk)})
    assert settle(again).state == Operation.State.DONE


def test_the_fenced_primary_is_taken_back_where_no_standby_may_follow(
    store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = primary(store)
    standby = store.nodes.get(role=Node.Role.STANDBY)
    operation = open_fail_over(store)
    standby.set_state(Node.State.DOWN)  # it counts, so it may have what nobody else has, and it went away meanwhile
    settle(operation)
    assert operation.state == Operation.State.DONE, operation.sentence
    assert primary(store).pk == before.pk
    assert primary(store).state == Node.State.UP
    assert client_of(store).kept() == "still here"
