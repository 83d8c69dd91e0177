"""Service plans as cards and fact lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.models import Organization, Tier
from console.templatetags.ui import money
from datastores.actions.admission import free_room
from datastores.actions.trials import why_not_offered
from datastores.engines.contract import Engine
from datastores.forms.draft import Draft
from datastores.forms.wizard import why_not
from datastores.limits import availability, backup_history
from datastores.models import DataStore, PlanPrice, Region, ServicePlan, Site
from datastores.sites.registry import driver_of
from datastores.trials import LENGTH, PLAN_FAMILY

BACKUPS_LATER: Final = "None yet"  # of the engines that are not archived yet

FEW_FILES: Final = "the machine lets a server open too few files for the plan; an operator can raise its limit"


@dataclass(frozen=True)
class PlanCard:
    """A plan with everything that a person weighs, and why it can't be chosen if it can't."""

    slug: str
    name: str
    facts: list[tuple[str, str]]
    price_month: str  # a month has 730 hours
    price_hour: str
    why: str
    chosen: bool
    tag: str = ""


def monthly(price: PlanPrice | None) -> str:
    """Write what 730 hours cost; empty where there is no price."""
    return money(price.monthly) if price else ""


def hourly(price: PlanPrice | None) -> str:
    """Write what an hour costs, to a hundredth of a cent; empty where there is no price."""
    return money(price.hourly, 4) if price else ""


def plan_facts(plan: ServicePlan, engine: Engine | None) -> list[tuple[str, str]]:
    """Return a plan's facts as pairs of name and value, in the order in which pages show them."""
    facts = plan.facts()
    rows = [
        ("CPU", f"{plan.vcpu} vCPU"),
        ("RAM", f"{plan.ram_gib} GiB"),
        ("Storage", f"{plan.storage_gib} GiB"),
        ("Nodes", str(plan.node_count)),
        ("Availability", availability(facts)),
    ]
    if engine:
        rows[2:2] = engine.own_facts(facts)  # beside the RAM
        rows.append(("Connections", f"{engine.connection_limit(facts):,} at once"))
        rows.append(("Backup history", history_words(plan, engine)))
    return rows


def history_words(plan: ServicePlan, engine: Engine) -> str:
    """Say how far back a person may restore; where nothing is backed up yet, that and how long it will be."""
    days = backup_history(plan.facts(), cache=engine.is_cache).days
    if engine.backed_up:
        return f"{days} day{'s' if days > 1 else ''}, to the second" if days else "For disaster recovery only"
    if not days:
        return f"{BACKUPS_LATER} (later: for disaster recovery only)"
    return f"{BACKUPS_LATER} (later: {days} day{'s' if days > 1 else ''})"


def bound_by_site(store: DataStore, engine: Engine | None) -> list[tuple[str, str]]:
    """Say how many clients the store's site lets in where that is fewer than the plan allows; nothing otherwise."""
    most = driver_of(store).most_clients(store)
    if engine is None or most is None or most >= engine.connection_limit(store.plan.facts()):
        return []
    return [("Connections here", f"{most:,} at once: {FEW_FILES}")]


def sizing_fact(site: Site) -> tuple[str, str]:
    """Say how much of a plan's memory a server takes here from the start."""
    if site.sizing == Site.Sizing.FULL:
        return "Sizing", "Full: memory and storage are reserved"
    return "Sizing", "Development sizing: small buffers, exact limits"


def trial_tag(organization: Organization, plan: ServicePlan) -> str:
    """Say that a plan would be a free trial."""
    is_trial = organization.tier == Tier.FREE and plan.family == PLAN_FAMILY
    return f"{LENGTH.days}-day free trial" if is_trial else ""


def plan_cards(
    organization: Organization, draft: Draft, engine: Engine | None, region: Region | None
) -> list[PlanCard]:
    """Return the cards of all offered plans, priced for the region's cloud, with what does not fit there."""
    cloud, free = (region.cloud, free_room(region.site)) if region else (None, None)
    prices = {price.plan_id: price for price in PlanPrice.objects.filter(cloud=cloud)} if cloud else {}
    return [
        PlanCard(
            slug=plan.slug,
            name=plan.name,
            facts=plan_facts(plan, engine),
            price_month=monthly(prices.get(plan.pk)),
            price_hour=hourly(prices.get(plan.pk)),
            why=why_not(
                plan, priced=plan.pk in prices, free=free, tier=why_not_offered(organization, draft.type, plan)
            ),
            chosen=plan.slug == draft.plan,
            tag=trial_tag(organization, plan),
        )
        for plan in ServicePlan.objects.filter(enabled=True)
    ]
