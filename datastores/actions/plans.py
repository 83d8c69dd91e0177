"""Changing the plan of a data store: who may have which, and opening the work."""

from __future__ import annotations

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Tier
from datastores.actions.admission import free_room, room_of
from datastores.capacity import Room, shortage
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Node, Operation, PlanPrice, ServicePlan, Site
from datastores.operations.opening import open_operation
from datastores.storage import GIB, WARNINGS

State = DataStore.State
CHANGEABLE = (State.RUNNING, State.POWERED_OFF)
POWER_ON_FIRST = "Nodes are added and removed while it runs: power it on first."
NOT_WHOLE = "Not every node of it is up now. Wait until the Nodes tab shows them all, then try again."


def is_whole(store: DataStore) -> bool:
    """Whether every node of the plan of now is there and up."""
    states = list(store.nodes.values_list("state", flat=True))
    return len(states) == store.plan.node_count and set(states) == {Node.State.UP}


def why_not_plan(store: DataStore, plan: ServicePlan, *, free: Room | None, whole: bool) -> str:
    """Return why a data store can't move to a plan, or an empty text.

    ``free`` is what its site has left, if counted; ``whole`` whether all of its nodes are up.
    """
    if plan.pk == store.plan_id:
        return "This is the plan it has."
    if store.organization.tier == Tier.FREE:
        return "Another plan needs the paid tier."
    if not plan.enabled or not PlanPrice.objects.filter(plan=plan, cloud_id=store.region.cloud_id).exists():
        return f"This plan is not offered on {store.region.cloud}."
    return _why_too_small(store, plan) or _why_no_room(store, plan, free) or _why_no_standbys(store, plan, whole=whole)


def _why_no_standbys(store: DataStore, plan: ServicePlan, *, whole: bool) -> str:
    """Standbys are made, resized and removed beside a primary that serves, and only from a state in which nothing is missing."""
    if max(plan.node_count, store.plan.node_count) == 1:
        return ""
    if store.state == State.POWERED_OFF:
        return POWER_ON_FIRST
    return "" if whole else NOT_WHOLE


def _why_too_small(store: DataStore, plan: ServicePlan) -> str:
    """Data must fit, with room left below the first warning."""
    if plan.ram_gib >= store.plan.ram_gib and plan.storage_gib >= store.plan.storage_gib:
        return ""
    engine = ENGINES.get(store.engine)
    if engine is None or engine.is_cache:
        return "A cache can't shrink: its keys might not fit into the memory. Create a smaller one."
    if store.disk_used_bytes is None:
        return "Its disk use is not measured yet, so nobody knows whether the data fits. Try again in a minute."
    if store.disk_used_bytes * 100 >= plan.storage_gib * GIB * WARNINGS[0]:
        return f"Its data would fill more than {WARNINGS[0]} % of {plan.storage_gib} GiB. Delete what is no longer needed first."
    return ""


def _why_no_room(store: DataStore, plan: ServicePlan, free: Room | None) -> str:
    """What the store gives back counts as free."""
    if free is None:
        return ""
    own = room_of(store.plan)
    return shortage(Room(free.ram_mib + own.ram_mib, free.storage_gib + own.storage_gib), room_of(plan))


@transaction.atomic
def change_plan(*, actor: Actor, store: DataStore, plan: ServicePlan) -> Operation | None:
    """Move a running data store to another plan; one that is powered off has it when it starts (None then).

    Raises :class:`Refusal` for a plan that it can't have, and while the server neither runs nor is off.
    """
    store = DataStore.objects.locked(store)
    if store.state not in CHANGEABLE:
        raise Refusal(f"The plan of {store} was not changed: the server is not running.", "Wait until it answers.")
    site = Site.objects.select_for_update(no_key=True).get(pk=store.region.site_id)  # of two changes, one waits
    if reason := why_not_plan(store, plan, free=free_room(site), whole=is_whole(store)):
        raise Refusal(f"The plan was not changed. {reason}", "Choose another plan.")
    before = store.plan
    record(
        "store.plan_changed",
        actor=actor,
        organization=store.organization,
        subject=store,
        plan=f"{before.name} → {plan.name}",
    )
    if store.state == State.RUNNING:
        return open_operation("change_plan", store=store, requested_by=actor.name, memo={"plan": plan.pk})
    if store.running_operation():
        raise Refusal("Something else is being done with this data store right now.", "Wait until it is finished.")
    store.plan = plan
    store.save(update_fields=["plan"])
    return None
