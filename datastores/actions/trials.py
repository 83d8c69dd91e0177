"""Free trials: who may begin one, what happens when it ends, and how an upgrade brings it back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from console.models import Organization, Tier
from console.notices import Kind, notify
from datastores import trials
from datastores.actions.backups import back_up
from datastores.actions.deletion import delete_store
from datastores.actions.power import power_off, power_on
from datastores.models import DataStore, ServicePlan
from datastores.sites.registry import driver_of
from datastores.trials import Phase, in_days

log = logging.getLogger(__name__)
TRIALS = Actor(label="trials")
NEEDS_PAID = "This plan needs the paid tier; the free one has trials of Hobbyist."
State = DataStore.State


def why_not_offered(organization: Organization, engine: str, plan: ServicePlan) -> str:
    """Return why the organization's tier does not offer a plan for a type now, or an empty text."""
    if organization.tier == Tier.PAID:
        return ""
    if plan.family != trials.PLAN_FAMILY:
        return NEEDS_PAID
    if running := _trial_of(organization, engine):
        return f"The free trial of this type is in use by “{running.name}”. Delete it, or ask for the paid tier."
    return ""


def admit_trial(organization: Organization, engine: str, plan: ServicePlan) -> datetime | None:
    """Return when the trial ends that this data store is; None for one that is paid for.

    Holds the organization's row until the transaction ends: of two trials of a type, one is refused.
    """
    locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if reason := why_not_offered(locked, engine, plan):
        raise Refusal(reason, "The page “Plan” of the settings says what the tiers are.")
    return None if locked.tier == Tier.PAID else timezone.now() + trials.LENGTH


def _trial_of(organization: Organization, engine: str) -> DataStore | None:
    mine = DataStore.objects.present().filter(organization_id=organization.pk, engine=engine)
    return mine.filter(trial_ends_at__isnull=False).first()


def walk(now: datetime | None = None) -> None:
    """Do what is due with every trial. Called every minute; doing it twice changes nothing."""
    now = now or timezone.now()
    for store in DataStore.objects.present().exclude(trial_ends_at=None).select_related("organization", "plan"):
        ends_at = store.trial_ends_at
        if ends_at is None or store.state == State.DELETING:
            continue
        try:
            STEPS[trials.phase(ends_at, now)](store, ends_at, now)
        except Refusal as refusal:  # something else is being done with it; the next minute tries again
            log.info("The trial of %s waits: %s", store.pk, refusal.sentence, extra={"store": store.pk})


def _nothing(_store: DataStore, _ends_at: datetime, _now: datetime) -> None:
    """The trial goes on."""


def _remind(store: DataStore, ends_at: datetime, now: datetime) -> None:
    left = in_days(trials.days_left(ends_at, now))
    _tell(
        store,
        f"{store.name}: {left} of its trial left",
        f"It is powered off on {ends_at:%-d %B %Y, %H:%M} UTC. Its data is kept for {trials.KEPT.days} more days. "
        "On the paid tier it goes on under the same address.",
        f"trial-ending:{store.pk}",
    )


@transaction.atomic
def _end(store: DataStore, ends_at: datetime, _now: datetime) -> None:
    """Power it off; whoever powers it on again is refused until the upgrade."""
    if store.state == State.RUNNING and _backs_up_first(store, ends_at):
        return
    if store.state in {State.RUNNING, State.UNREACHABLE}:
        power_off(actor=TRIALS, store=store)
    _tell(
        store,
        f"The trial of {store.name} has ended",
        f"It is powered off; nothing is lost. Its data is kept until {ends_at + trials.KEPT:%-d %B %Y, %H:%M} UTC and "
        "deleted then. On the paid tier it comes back under the same address, with its data.",
        f"trial-ended:{store.pk}",
    )


def _backs_up_first(store: DataStore, ends_at: datetime) -> bool:
    """Begin the final backup, once. True while its end is to be waited for, however it ends."""
    if not driver_of(store).backs_up(store):
        return False
    begun = store.operations.filter(kind="back_up", created_at__gte=ends_at).first()
    if begun is None:
        back_up(actor=TRIALS, store=store)
    return begun is None or begun.is_active


@transaction.atomic
def _forfeit(store: DataStore, ends_at: datetime, now: datetime) -> None:
    """Delete what nobody wanted to keep; deletion protection holds against the platform, too."""
    if store.deletion_protection:
        _end(store, ends_at, now)
        return
    if store.operations.filter(kind="delete").exists():
        return  # it failed or was cancelled: the operators see it and decide
    record("store.trial_forfeited", actor=TRIALS, organization=store.organization, subject=store)
    delete_store(actor=TRIALS, store=store, typed_name=store.name)
    _tell(
        store,
        f"{store.name} is deleted: its trial ended {in_days((trials.KEPT).days)} ago",
        "The organization stayed on the free tier, so the data was deleted as announced.",
        f"trial-deleted:{store.pk}",
    )


STEPS: dict[Phase, Callable[[DataStore, datetime, datetime], None]] = {
    Phase.RUNNING: _nothing,
    Phase.ENDING: _remind,
    Phase.OVER: _end,
    Phase.FORFEITED: _forfeit,
}


def upgrade(*, organization: Organization, actor: Actor, **_rest: Any) -> None:
    """Make paid data stores of an organization's trials; those that were powered off come back, same address."""
    if organization.tier != Tier.PAID:
        return
    now = timezone.now()
    mine = DataStore.objects.present().filter(organization_id=organization.pk, trial_ends_at__isnull=False)
    for store in mine.exclude(state=State.DELETING):
        ended = store.trial_ends_at is not None and store.trial_ends_at <= now
        store.trial_ends_at = None
        store.save(update_fields=["trial_ends_at"])
        record("store.trial_upgraded", actor=actor, organization=organization, subject=store)
        if ended and store.state == State.POWERED_OFF:
            power_on(actor=actor, store=store)


def _tell(store: DataStore, subject: str, sentence: str, key: str) -> None:
    path = reverse("store", args=[store.pk])
    notify(store.organization, Kind.TRIAL, subject, sentence, path=path, key=key)
