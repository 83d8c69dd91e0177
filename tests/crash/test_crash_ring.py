"""Kill the worker after every step's effect and before its commit; run again; nothing may be lost or left over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, EdgeSlot, Node, Operation, Region, ServicePlan
from datastores.operations import runner
from datastores.operations.outcomes import Outcome
from datastores.operations.procedure import Procedure
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.procedures.delete import Delete
from datastores.sites.local.procedures.power import PowerOff, PowerOn
from datastores.sites.local.procedures.provision import Provision
from datastores.sites.local.procedures.reset_password import ResetPassword
from tests.local_site import connect, settle

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]

STEPS = [
    pytest.param(procedure, name, id=f"{procedure.kind}-{name}")
    for procedure in (Provision, PowerOff, PowerOn, ResetPassword, Delete)
    for name in procedure.steps()
]


class Killed(BaseException):
    """The worker dies: no `except Exception` may catch it."""


@pytest.fixture
def make_store(
    actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine
) -> Callable[[], DataStore]:
    """Ask for a store, without running its operation."""
    return lambda: actions.create_store(
        actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan
    )


def kill_after(monkeypatch: pytest.MonkeyPatch, step: str) -> list[str]:
    """Let the worker die once, after the effect of ``step`` and before its outcome is written."""
    deaths: list[str] = []
    record = runner._record

    def dying(operation: Operation, procedure: Procedure, outcome: Outcome) -> None:
        if operation.step == step and not deaths:
            deaths.append(step)
            raise Killed
        record(operation, procedure, outcome)

    monkeypatch.setattr(runner, "_record", dying)
    return deaths


def run_over_a_death(operation: Operation) -> None:
    """Run until the worker dies, let its lease run out, and run to the end."""
    with pytest.raises(Killed):
        settle(operation)
    Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    settle(operation)


def write_row(store: DataStore) -> None:
    with connect(store) as client:
        client.execute("CREATE TABLE kept (word text)")
        client.execute("INSERT INTO kept VALUES ('still here')")


def prepare(procedure: type[Procedure], store: DataStore, actor: Actor) -> Operation:
    """Bring the store to where ``procedure`` begins and open its operation."""
    provision = store.operations.get(kind="provision")
    if procedure is Provision:
        return provision
    settle(provision)
    store.refresh_from_db()
    write_row(store)
    if procedure is PowerOn:
        settle(actions.power_off(actor=actor, store=store))
        store.refresh_from_db()
        return actions.power_on(actor=actor, store=store)
    if procedure is PowerOff:
        return actions.power_off(actor=actor, store=store)
    if procedure is ResetPassword:
        return actions.reset_password(actor=actor, store=store)
    return actions.delete_store(actor=actor, store=store, typed_name=store.name)


@pytest.mark.parametrize(("procedure", "step"), STEPS)
def test_a_worker_killed_at_any_step_loses_nothing(
    procedure: type[Procedure],
    step: str,
    make_store: Callable[[], DataStore],
    actor: Actor,
    local_site: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = make_store()
    operation = prepare(procedure, store, actor)
    port_before = EdgeSlot.objects.filter(store=store).values_list("port", flat=True).first()

    deaths = kill_after(monkeypatch, step)
    run_over_a_death(operation)

    operation.refresh_from_db()
    store.refresh_from_db()
    assert deaths == [step]
    assert operation.state == Operation.State.DONE, operation.sentence
    assert examine(local_site) == []
    if procedure is Delete:
        assert_nothing_left(store, local_site)
        return
    assert store.nodes.filter(role=Node.Role.PRIMARY).count() == 1
    if port_before:
        assert store.slot.port == port_before
    if procedure is PowerOff:
        with pytest.raises(psycopg.OperationalError):
            connect(store)
        settle(actions.power_on(actor=actor, store=store))
        store.refresh_from_db()
    if procedure is not Provision:
        with connect(store) as client:
            assert client.execute("SELECT word FROM kept").fetchall() == [("still here",)]
    else:
        write_row(store)


def assert_nothing_left(store: DataStore, machine: Machine) -> None:
    """No process, file, socket, service, port or secret of the store is left; its row and its trail are."""
    assert store.state == DataStore.State.DELETED
    assert store.admin_password == ""
    assert not Node.objects.filter(store=store).exists()
    assert not EdgeSlot.objects.filter(store=store).exists()
    assert list(machine.home.nodes.iterdir()) == []
    assert [name for name in machine.supervisor.names() if name.startswith("node-")] == []
