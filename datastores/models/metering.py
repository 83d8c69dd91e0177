"""What was active when, and what it cost then: rows that are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from datastores.metering import Reading, following

if TYPE_CHECKING:
    from datastores.models.store import DataStore

# Paid for while clients can log in. Powered off, failed, not answering, being made or deleted costs nothing.
ACTIVE_STATES = frozenset({"running"})
METERED = frozenset({"state", "plan", "plan_id", "trial_ends_at"})  # columns of a store that a reading follows


class MeterReading(models.Model):
    """How a data store is from ``at`` on. Written by ``DataStore.save`` and ``.update`` in the same transaction."""

    store = models.ForeignKey("datastores.DataStore", on_delete=models.PROTECT, related_name="readings")
    at = models.DateTimeField()
    active = models.BooleanField()
    plan = models.ForeignKey("datastores.ServicePlan", on_delete=models.PROTECT, related_name="+")
    trial = models.BooleanField(default=False)

    class Meta:
        ordering = ("at", "id")
        indexes = [models.Index(fields=["store", "at", "id"], name="reading_by_store")]

    def __str__(self) -> str:
        return f"{self.store} from {self.at}: {'active' if self.active else 'not active'}"

    def value(self) -> Reading:
        """Return the reading for the arithmetic."""
        return Reading(self.at, self.active, self.plan_id, self.trial)

    @classmethod
    def take(cls, store: DataStore, *, now: datetime | None = None) -> None:
        """Record how ``store`` is, unless that is known. The caller holds the store's row in its transaction."""
        last = cls.objects.filter(store_id=store.pk).order_by("-at", "-id").first()
        seen = Reading(
            at=now or timezone.now(),
            active=store.state in ACTIVE_STATES,
            plan=store.plan_id,
            trial=store.trial_ends_at is not None,
        )
        if new := following(last.value() if last else None, seen):
            cls.objects.create(store_id=store.pk, at=new.at, active=new.active, plan_id=new.plan, trial=new.trial)


class PriceChange(models.Model):
    """What a plan costs on a cloud from ``since`` on. Written by ``PlanPrice.save``; what was before stays true."""

    plan = models.ForeignKey("datastores.ServicePlan", on_delete=models.CASCADE, related_name="+")
    cloud = models.ForeignKey("datastores.Cloud", on_delete=models.CASCADE, related_name="+")
    hourly = models.DecimalField("USD per hour", max_digits=9, decimal_places=4)
    since = models.DateTimeField()

    class Meta:
        ordering = ("since", "id")
        indexes = [models.Index(fields=["cloud", "plan", "since"], name="price_history")]

    def __str__(self) -> str:
        return f"{self.plan} on {self.cloud} from {self.since}: {self.hourly}"
