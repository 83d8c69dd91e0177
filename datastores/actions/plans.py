"""Changing the plan of a data store: who may have which, and opening the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Tier
from datastores.actions.admission import free_room, room_of
from datastores.capacity import Room, shortage
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Node, Operation, PlanPrice, ServicePlan, Site
from datastores.operations.opening import open_operation
from datastores.sites.contract import NoAnswer
from datastores.sites.registry import driver_of
from datastores.storage import GIB, WARNINGS

State = DataStore.State
MIB: Final = 1024**2
CHANGEABLE = (State.RUNNING, State.POWERED_OFF)
POWER_ON_FIRST = "Nodes are added and removed while it runs: power it on first."
NOT_WHOLE = "Not every node of it is up now. Wait until the Nodes tab shows them all, then try again."


@dataclass(frozen=True)
class Facts:
    """What is measured once for all plans.

    free   what the store's site has left, if that is counted
    whole  every node of the plan of now is there and up
    keys   bytes that a cache's keys take of its memory; None for other engines, and where its server does not say
    """

    free: Room | None
    whole: bool
    keys: int | None

    @classmethod
    def of(cls, store: DataStore, site: Site) -> Facts:
        """Look at rows, and ask a cache that runs."""
        states = list(store.nodes.values_list("state", flat=True))
        whole = len(states) == store.plan.node_count and set(states) == {Node.State.UP}
        return cls(free=free_room(site), whole=whole, keys=_keys_of(store))


def _keys_of(store: DataStore) -> int | None:
    engine = ENGINES.get(store.engine)
    if engine is None or not engine.is_cache or store.state != State.RUNNING:
        return None
    try:
        return sum(database.size_bytes for database in driver_of(store).databases(store))
    except NoAnswer:
        return None


def why_not_plan(store: DataStore, plan: ServicePlan, facts: Facts) -> str:
    """Return why a data store can't move to a plan, or an empty text."""
    if plan.pk == store.plan_id:
        return "This is the plan it has."
    if store.state not in CHANGEABLE:
        return "Its server is not running now. Wait until it answers."
    if store.organization.tier == Tier.FREE:
        return "Another plan needs the paid tier."
    if not plan.enabled or not PlanPrice.objects.filter(plan=plan, cloud_id=store.region.cloud_id).exists():
        return f"This plan is not offered on {store.region.cloud}."
    return (
        _why_too_small(store, plan, facts)
        or _why_no_room(store, plan, facts.free)
        or _why_no_standbys(store, plan, whole=facts.whole)
    )


def _why_no_standbys(store: DataStore, plan: ServicePlan, *, whole: bool) -> str:
    """Standbys are made, resized and removed beside a primary that serves, and only from a state in which nothing is missing."""
    if max(plan.node_count, store.plan.node_count) == 1:
        return ""
    if store.state == State.POWERED_OFF:
        return POWER_ON_FIRST
    return "" if whole else NOT_WHOLE


def _why_too_small(store: DataStore, plan: ServicePlan, facts: Facts) -> str:
    """Data must fit, with room left below the first warning: on the disk, and a cache's keys in the memory as well."""
    if plan.ram_gib >= store.plan.ram_gib and plan.storage_gib >= store.plan.storage_gib:
        return ""
    if store.disk_used_bytes is None:
        return "Its disk use is not measured yet, so nobody knows whether the data fits. Try again in a minute."
    if store.disk_used_bytes * 100 >= plan.storage_gib * GIB * WARNINGS[0]:
        return f"Its data would fill more than {WARNINGS[0]} % of {plan.storage_gib} GiB. Delete what is no longer needed first."
    return _why_too_many_keys(store, plan, facts.keys)


def _why_too_many_keys(store: DataStore, plan: ServicePlan, keys: int | None) -> str:
    engine = ENGINES.get(store.engine)
    memory = engine.memory_for_data(plan.facts()) if engine else None
    if memory is None:
        return ""
    if keys is None:
        return "Its server does not say how much its keys take, so nobody knows whether they fit. It must be running."
    if keys * 100 >= memory * WARNINGS[0]:
        return f"Its keys would fill more than {WARNINGS[0]} % of {memory // MIB:,} MiB. Delete what is no longer needed first."
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
    if reason := why_not_plan(store, plan, Facts.of(store, site)):
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
