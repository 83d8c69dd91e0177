"""The page that changes a plan: what each costs beside the one of now, and what the change means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from console.templatetags.ui import money
from datastores.actions.plans import Facts, why_not_plan
from datastores.engines.contract import Engine
from datastores.engines.registry import ENGINES
from datastores.limits import backup_history
from datastores.models import DataStore, Failover, PlanPrice, ServicePlan
from datastores.plan_changes import Interruption, PlanChange
from datastores.presentation.operations import usual_time
from datastores.presentation.outages import promise_of
from datastores.presentation.plans import hourly, monthly, plan_facts

KINDS: Final = {Interruption.SWITCHOVER: Failover.Kind.SWITCHOVER, Interruption.RESTART: Failover.Kind.RESTART}
NOTICED: Final = "What clients notice"
PUT_BACK: Final = "Everything is put back as it was before, and the data store's page says so."


@dataclass(frozen=True)
class PlanOption:
    """One plan beside the one of now."""

    plan: ServicePlan
    facts: list[tuple[str, str]]
    price_month: str
    price_hour: str
    difference: str  # per month, such as "$61.32 more per month"
    why: str
    chosen: bool


def options_of(store: DataStore, chosen: str) -> list[PlanOption]:
    """Return every plan that is offered, the one of now included."""
    prices = {price.plan_id: price for price in PlanPrice.objects.filter(cloud_id=store.region.cloud_id)}
    measured, engine = Facts.of(store, store.region.site), ENGINES.get(store.engine)
    now = prices.get(store.plan_id)
    return [
        PlanOption(
            plan=plan,
            facts=_facts(store, plan, engine),
            price_month=monthly(prices.get(plan.pk)),
            price_hour=hourly(prices.get(plan.pk)),
            difference="Yours" if plan.pk == store.plan_id else _difference(now, prices.get(plan.pk)),
            why=why_not_plan(store, plan, measured),
            chosen=plan.slug == chosen,
        )
        for plan in ServicePlan.objects.filter(enabled=True)
    ]


def way_of(store: DataStore, plan: ServicePlan) -> PlanChange:
    """Return how the data store moves to a plan."""
    engine = ENGINES.get(store.engine)
    first = engine is not None and engine.shrinks_primary_first
    return PlanChange(store.plan.size(), plan.size(), shrinks_primary_first=first)


def course_of(store: DataStore, plan: ServicePlan) -> list[tuple[str, str]]:
    """Say what clients notice, how long it takes and what becomes of it where a step fails."""
    if store.state != DataStore.State.RUNNING:
        return [(NOTICED, "The data store is powered off: the new plan takes effect when it is powered on.")]
    course = [(NOTICED, _noticed(store, way_of(store, plan)))]
    if usual := usual_time("change_plan"):
        course.append(("The whole change", usual))
    return [*course, ("If a step fails", PUT_BACK)]


def changes_of(store: DataStore, plan: ServicePlan) -> list[tuple[str, str]]:
    """Return what is otherwise afterwards, each as "before → after" or as a sentence."""
    engine = ENGINES.get(store.engine)
    before = dict(plan_facts(store.plan, engine))
    found = [
        (term, f"{before[term]} → {text}")
        for term, text in plan_facts(plan, engine)
        if before.get(term) not in {None, text}
    ]
    if engine and engine.backed_up and _history(plan, engine) < _history(store.plan, engine):
        found.append(("Older backups", "They are deleted after the change, and don't come back with a larger plan."))
    if store.plan.node_count == 1 < plan.node_count:
        found.append(("Address for reads", "A second address appears, which spreads reads over the standbys."))
        found.append(("Acknowledged writes", WITH_STANDBYS[bool(engine and engine.asynchronous)]))
    elif plan.node_count == 1 < store.plan.node_count:
        found.append(
            ("Address for reads", "It goes away, and its clients are cut: let them read at the service address first.")
        )
        found.append(("Acknowledged writes", WITHOUT_STANDBYS[bool(engine and engine.backed_up)]))
    return found


def _history(plan: ServicePlan, engine: Engine) -> timedelta:
    return backup_history(plan.facts(), cache=engine.is_cache)


WITH_STANDBYS: Final = {
    False: "Each one is on two nodes before the client is told, which costs it a round trip. A standby takes over by itself.",
    True: "Standbys get them an instant after the client was told. A standby takes over by itself.",
}
WITHOUT_STANDBYS: Final = {  # by whether there are backups
    True: "They are on one node. If its data are lost, nobody takes over: it is restored from the backups, without the latest.",
    False: "They are on one node. If its data are lost, nobody takes over, and nobody else has them.",
}


def _facts(store: DataStore, plan: ServicePlan, engine: Engine | None) -> list[tuple[str, str]]:
    facts = plan_facts(plan, engine)
    if plan.pk == store.plan_id or store.state != DataStore.State.RUNNING:
        return facts
    return [*facts, ("Interruption", _length(store, way_of(store, plan)) or "None")]


def _noticed(store: DataStore, way: PlanChange) -> str:
    again = f"clients are cut and get in again at the same address{_after(store, way)}"
    if way.interruption is Interruption.SWITCHOVER:
        return f"Once, {again}. The standbys get the new size first, then one of them takes over."
    if way.interruption is Interruption.RESTART:
        return f"The server restarts: {again}."
    if way.added:
        return "Nothing: standbys are made while clients go on."
    return "Nothing at the service address; clients that read at a standby that is removed are cut."


def _after(store: DataStore, way: PlanChange) -> str:
    length = _length(store, way)
    return f" after {length} as a rule" if length else ""


def _length(store: DataStore, way: PlanChange) -> str:
    """Return for how long clients are away, as the engine's plans promise it; empty where they notice nothing."""
    kind = KINDS.get(way.interruption)
    promise = promise_of(store, kind) if kind else None
    return f"about {promise.median_ms / 1000:g} s" if promise else ""


def _difference(now: PlanPrice | None, then: PlanPrice | None) -> str:
    if now is None or then is None:
        return ""
    gap: Decimal = then.monthly - now.monthly
    if not gap:
        return "The same price"
    return f"{money(abs(gap))} {'more' if gap > 0 else 'less'} per month"
