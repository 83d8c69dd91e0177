"""Creating a data store: rows in one transaction, work after the commit."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Member
from datastores.actions.admission import admit
from datastores.actions.trials import admit_trial
from datastores.engines.registry import ENGINES
from datastores.models import AllowedNetwork, DataStore, Node, Region, ServicePlan
from datastores.operations.opening import open_operation
from datastores.passwords import generate_password


def create_store(
    *,
    actor: Actor,
    member: Member,
    engine: str,
    name: str,
    region: Region,
    plan: ServicePlan,
) -> DataStore:
    """Write the store, its node, its super admin and the operation that makes it real.

    Raises :class:`Refusal` for a name that is taken, a region or plan that is not offered, a plan that
    does not fit on the region's site or needs another tier, or an unknown engine.
    """
    if engine not in ENGINES:
        raise Refusal("This type of data store is not offered here.", "Choose one of the types on the page.")
    _check_offer(region, plan)
    try:
        with transaction.atomic():
            store = write_store(member=member, engine=engine, name=name, region=region, plan=plan)
            open_operation("provision", store=store, requested_by=actor.name)
            record(
                "store.created",
                actor=actor,
                organization=member.organization,
                subject=store,
                engine=ENGINES[engine].label,
                plan=plan.name,
                region=str(region),
                **({"trial": True} if store.trial_ends_at else {}),
            )
    except IntegrityError:
        raise name_taken(name) from None
    return store


def write_store(*, member: Member, engine: str, name: str, region: Region, plan: ServicePlan) -> DataStore:
    """Write the rows of a new store, in a transaction of the caller's, who opens the operation that makes it real.

    Raises :class:`Refusal` for a plan that does not fit, and IntegrityError for a name that is taken.
    """
    admit(region.site, plan)
    trial_ends_at = admit_trial(member.organization, engine, plan)
    kind = ENGINES[engine]
    store = DataStore.objects.create(
        organization=member.organization,
        name=name.strip(),
        engine=engine,
        region=region,
        plan=plan,
        admin_user=kind.admin_user,
        admin_password=generate_password(),
        default_database=kind.default_database,
        created_by=member.person,
        # Until the standbys are there, writes are acknowledged by the primary alone.
        guarantee_suspended_since=None if plan.node_count == 1 or kind.asynchronous else timezone.now(),
        trial_ends_at=trial_ends_at,
    )
    Node.make_all(store)
    AllowedNetwork.allow_everybody(store)
    return store


def name_taken(name: str) -> Refusal:
    """Return the refusal of a name that another data store of the organization has."""
    return Refusal(f"A data store named “{name.strip()}” exists already.", "Choose another display name.")


def _check_offer(region: Region, plan: ServicePlan) -> None:
    """Refuse what the catalogue does not offer now."""
    if not (region.enabled and region.site.enabled):
        raise Refusal(f"The region {region} takes no new data stores at the moment.", "Choose another region.")
    if not plan.enabled:
        raise Refusal(f"The plan {plan} is no longer offered.", "Choose another plan.")
