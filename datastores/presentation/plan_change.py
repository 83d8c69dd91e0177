"""The page that changes a plan: what each costs beside the one of now, and what the change means."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from console.templatetags.ui import money
from datastores.actions.admission import free_room
from datastores.actions.plans import why_not_plan
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, PlanPrice, ServicePlan
from datastores.presentation.operations import usual_time
from datastores.presentation.plans import hourly, monthly, plan_facts


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
    free, engine = free_room(store.region.site), ENGINES.get(store.engine)
    now = prices.get(store.plan_id)
    return [
        PlanOption(
            plan=plan,
            facts=plan_facts(plan, engine),
            price_month=monthly(prices.get(plan.pk)),
            price_hour=hourly(prices.get(plan.pk)),
            difference="Yours" if plan.pk == store.plan_id else _difference(now, prices.get(plan.pk)),
            why=why_not_plan(store, plan, free=free),
            chosen=plan.slug == chosen,
        )
        for plan in ServicePlan.objects.filter(enabled=True)
    ]


def interruption_of(store: DataStore) -> str:
    """Say what clients notice."""
    if store.state != DataStore.State.RUNNING:
        return "The data store is powered off: the new plan takes effect when it is powered on."
    usual = usual_time("change_plan")
    return (
        "The server restarts: clients are cut and get in again at the same address after some seconds. "
        f"{usual} If the server does not come up with the new plan, it is started again with the one of now."
    )


def _difference(now: PlanPrice | None, then: PlanPrice | None) -> str:
    if now is None or then is None:
        return ""
    gap: Decimal = then.monthly - now.monthly
    if not gap:
        return "The same price"
    return f"{money(abs(gap))} {'more' if gap > 0 else 'less'} per month"
