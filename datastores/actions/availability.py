"""What a person can ask of a data store with standbys: switch over, restart, drill, replace a node."""

from __future__ import annotations

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Failover, Node, Operation
from datastores.operations.opening import open_operation

State = DataStore.State
FAULTS = {  # what a drill does, in the words of its button
    Failover.Kind.DRILL_KILL: "kill the primary's process",
    Failover.Kind.DRILL_FREEZE: "freeze the primary's process",
    Failover.Kind.DRILL_DESTROY: "destroy the primary's data",
}


@transaction.atomic
def switch_over(*, actor: Actor, store: DataStore, node: Node | None = None) -> Operation:
    """Make a standby the primary, as planned: ``node``, or the most advanced. Refused without one that follows."""
    store = _with_standbys(store)
    if node is not None and (node.store_id != store.pk or node.role != Node.Role.STANDBY):
        raise Refusal("This node is not a standby, so it can't take over.", "Reload the page to see the nodes.")
    if not store.nodes.filter(role=Node.Role.STANDBY, state=Node.State.UP).exists():
        raise Refusal("No standby follows the primary, so there is nobody to switch over to.", "Wait until one does.")
    memo = {"node": str(node.pk)} if node else {}
    operation = open_operation("switch_over", store=store, requested_by=actor.name, memo=memo)
    record("store.switched_over", actor=actor, organization=store.organization, subject=store)
    return operation


@transaction.atomic
def restart(*, actor: Actor, store: DataStore) -> Operation:
    """Restart every node, the standbys first: with standbys clients are interrupted for the length of a switchover."""
    store = _running(store)
    operation = open_operation("restart", store=store, requested_by=actor.name)
    record("store.restarted", actor=actor, organization=store.organization, subject=store)
    return operation


@transaction.atomic
def drill(*, actor: Actor, store: DataStore, fault: str, typed_name: str) -> Operation:
    """Let the primary fail on purpose, and measure what clients notice.

    Refused without the typed name, for a fault that is none, and while the guarantee is suspended: then a failure could
    cost acknowledged writes, and a drill must not. An engine that gives no such guarantee is drilled without it.
    """
    store = _with_standbys(store)
    if fault not in FAULTS:
        raise Refusal("There is no such drill.", "Choose one of those on the page.")
    if typed_name.strip() != store.name:
        raise Refusal("The name you typed is not the data store's name, so nothing was done.", f"Type “{store.name}”.")
    if store.guarantee_suspended_since is not None and not _is_asynchronous(store):
        raise Refusal(
            "No standby has every acknowledged write now, so a drill could lose some.",
            "Wait until the Nodes tab shows that the guarantee holds.",
        )
    if store.nodes.exclude(state=Node.State.UP).exists():
        raise Refusal("Not every node is up, so a drill would be a risk.", "Wait until all nodes are up.")
    operation = open_operation("drill", store=store, requested_by=actor.name, memo={"fault": fault})
    record("store.drilled", actor=actor, organization=store.organization, subject=store, fault=fault)
    return operation


@transaction.atomic
def set_monthly_drill(*, actor: Actor, store: DataStore, monthly: bool) -> None:
    """Have a drill once a month, or not: the process is killed, at a quiet hour."""
    store = _with_standbys(store)
    if store.monthly_drill != monthly:
        store.monthly_drill = monthly
        store.save(update_fields=["monthly_drill"])
        action = "store.monthly_drill_on" if monthly else "store.monthly_drill_off"
        record(action, actor=actor, organization=store.organization, subject=store)


@transaction.atomic
def replace_node(*, actor: Actor, store: DataStore, node: Node) -> Operation:
    """Remove a standby and make another in its place. The primary is replaced by a switchover first."""
    store = _with_standbys(store)
    if node.store_id != store.pk or node.role != Node.Role.STANDBY:
        raise Refusal("Only a standby can be replaced.", "Switch over first: then the old primary is a standby.")
    operation = open_operation("replace_node", store=store, requested_by=actor.name, memo={"lost": str(node.pk)})
    record("store.node_replaced", actor=actor, organization=store.organization, subject=store, node=node.number)
    return operation


def _is_asynchronous(store: DataStore) -> bool:
    engine = ENGINES.get(store.engine)
    return engine is not None and engine.asynchronous


def _running(store: DataStore) -> DataStore:
    store = DataStore.objects.locked(store)
    if store.state not in {State.RUNNING, State.UNREACHABLE}:
        raise Refusal(f"{store} is not running.", "Reload the page to see its state.")
    return store


def _with_standbys(store: DataStore) -> DataStore:
    store = _running(store)
    if store.plan.node_count < 2:
        raise Refusal(f"The plan {store.plan} has a single node.", "Business and Premium plans have standbys.")
    return store
