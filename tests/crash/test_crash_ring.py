"""Kill the worker after every step's effect and before its commit; run again; nothing may be lost or left over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions.plans import change_plan
from datastores.models import DataStore, EdgeSlot, Node, Operation, Region, ServicePlan
from datastores.operations import runner
from datastores.operations.outcomes import Outcome
from datastores.operations.procedure import Procedure
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.procedures.apply_settings import ApplySettings
from datastores.sites.local.procedures.change_plan import ChangePlan
from datastores.sites.local.procedures.delete import Delete
from datastores.sites.local.procedures.power import PowerOff, PowerOn
from datastores.sites.local.procedures.provision import Provision
from datastores.sites.local.procedures.reset_password import ResetPassword
from tests.conformance.clients import CLIENTS, Client
from tests.local_site import settle

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]

ENGINES_OF = {  # the quickest engine takes every step, the slowest only those that make it
    "postgresql": (Provision, PowerOff, PowerOn, ResetPassword, ChangePlan, Delete),
    "cache": (Provision, PowerOff, PowerOn, ResetPassword, ApplySettings, Delete),
    "mysql": (Provision,),
}
WITH_STANDBY = {"join", "synchronise", "start_standbys"}
IN_PLACE = ("allot", "stop", "start", "verify")  # of a single node; see test_plan_ring for the others
STEPS = [
    pytest.param(engine, procedure, name, id=f"{engine}-{procedure.kind}-{name}")
    for engine, procedures in ENGINES_OF.items()
    for procedure in procedures
    for name in (IN_PLACE if procedure is ChangePlan else procedure.steps())
]
SETTINGS = {"lua": False, "eviction": "allkeys-lru", "min_replicas": 0}


class Killed(BaseException):
    """The worker dies: no `except Exception` may catch it."""


@pytest.fixture
def make_store(
    actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine
) -> Callable[[str, str], DataStore]:
    """Ask for a store of an engine, without running its operation; with a standby where ``step`` is taken only then."""

    def make(engine: str, step: str) -> DataStore:
        chosen = ServicePlan.objects.get(slug="business-4") if step in WITH_STANDBY else plan
        return actions.create_store(actor=actor, member=admin, engine=engine, name="orders", region=region, plan=chosen)

    return make


def kill_after(monkeypatch: pytest.MonkeyPatch, step: str) -> list[str]:
    """Let the worker die once, after the effect of ``step`` and before its outcome is written."""
    deaths: list[str] = []
    record = runner._record

    def dying(operation: Operation, procedure: Procedure, outcome: Outcome, *, keep: bool = False) -> None:
        if operation.step == step and not deaths:
            deaths.append(step)
            raise Killed
        record(operation, procedure, outcome, keep=keep)

    monkeypatch.setattr(runner, "_record", dying)
    return deaths


def run_over_a_death(operation: Operation) -> None:
    """Run until the worker dies, let its lease run out, and run to the end."""
    with pytest.raises(Killed):
        settle(operation)
    Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    settle(operation)


def client_of(store: DataStore) -> Client:
    return CLIENTS[store.engine](DataStore.objects.get(pk=store.pk))


def change(procedure: type[Procedure], store: DataStore, actor: Actor) -> Operation:
    """Open the work that changes a running store."""
    if procedure is ChangePlan:
        changed = change_plan(actor=actor, store=store, plan=ServicePlan.objects.get(slug="startup-4"))
    else:
        changed = actions.change_settings(actor=actor, store=store, chosen=SETTINGS)
    assert changed is not None
    return changed


def prepare(procedure: type[Procedure], store: DataStore, actor: Actor) -> Operation:
    """Bring the store to where ``procedure`` begins and open its operation."""
    provision = store.operations.get(kind="provision")
    if procedure is Provision:
        return provision
    settle(provision)
    store.refresh_from_db()
    client_of(store).keep("still here")
    if procedure is PowerOn:
        settle(actions.power_off(actor=actor, store=store))
        store.refresh_from_db()
        return actions.power_on(actor=actor, store=store)
    if procedure is PowerOff:
        return actions.power_off(actor=actor, store=store)
    if procedure is ResetPassword:
        return actions.reset_password(actor=actor, store=store)
    if procedure in {ChangePlan, ApplySettings}:
        return change(procedure, store, actor)
    return actions.delete_store(actor=actor, store=store, typed_name=store.name)


@pytest.mark.parametrize(("engine", "procedure", "step"), STEPS)
def test_a_worker_killed_at_any_step_loses_nothing(
    engine: str,
    procedure: type[Procedure],
    step: str,
    make_store: Callable[[str, str], DataStore],
    actor: Actor,
    local_site: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = make_store(engine, step)
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
        with pytest.raises(CLIENTS[engine].refused):
            client_of(store)
        settle(actions.power_on(actor=actor, store=store))
        store.refresh_from_db()
    client = client_of(store)
    if procedure is Provision:
        client.keep("still here")
    assert client.kept() == "still here"
    if procedure is ChangePlan:
        assert store.plan.slug == "startup-4"
    if procedure is ApplySettings:
        assert store.settings == SETTINGS


def assert_nothing_left(store: DataStore, machine: Machine) -> None:
    """No process, file, socket, service, port or secret of the store is left; its row and its trail are."""
    assert store.state == DataStore.State.DELETED
    assert store.admin_password == ""
    assert not Node.objects.filter(store=store).exists()
    assert not EdgeSlot.objects.filter(store=store).exists()
    assert list(machine.home.nodes.iterdir()) == []
    assert [name for name in machine.supervisor.names() if name.startswith("node-")] == []
