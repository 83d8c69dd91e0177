"""Every change of the primary, planned or not, with what was measured of it; and who watches the nodes."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from datastores.models.operation import Operation
from datastores.models.store import DataStore


class Failover(models.Model):
    """One failover, switchover or drill. Times are milliseconds of their phase; None: not measured."""

    class Kind(models.TextChoices):
        FAILOVER = "failover", "Failover"
        FAILOVER_HANG = "failover_hang", "Failover: server hung"
        FAILOVER_DATA = "failover_data", "Failover: data lost"
        RESTART = "restart", "Restart in place"
        RESTART_HANG = "restart_hang", "Restart in place: server hung"
        SWITCHOVER = "switchover", "Planned switchover"
        DRILL_KILL = "drill_kill", "Drill: process killed"
        DRILL_FREEZE = "drill_freeze", "Drill: process frozen"
        DRILL_DESTROY = "drill_destroy", "Drill: data destroyed"

    DRILLS = (Kind.DRILL_KILL, Kind.DRILL_FREEZE, Kind.DRILL_DESTROY)
    PHASES = ("detect", "fence", "promote", "repoint", "reconnect")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(DataStore, on_delete=models.CASCADE, related_name="failovers")
    operation = models.OneToOneField(
        Operation, null=True, blank=True, on_delete=models.SET_NULL, related_name="failover"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    cause = models.CharField(max_length=200, help_text="What was noticed, as a sentence.")
    began_at = models.DateTimeField(default=timezone.now, help_text="When the primary failed, as far as is known.")
    finished_at = models.DateTimeField(null=True, blank=True)
    succeeded = models.BooleanField(null=True)
    old_primary = models.CharField(max_length=40, blank=True)
    new_primary = models.CharField(max_length=40, blank=True)
    lossless = models.BooleanField(null=True, help_text="Whether the new primary held every acknowledged write.")
    detect_ms = models.FloatField(null=True, blank=True)
    fence_ms = models.FloatField(null=True, blank=True)
    promote_ms = models.FloatField(null=True, blank=True)
    repoint_ms = models.FloatField(null=True, blank=True)
    reconnect_ms = models.FloatField(null=True, blank=True)
    outage_ms = models.FloatField(null=True, blank=True, help_text="The longest gap between two acknowledged writes.")
    redundancy_ms = models.FloatField(
        null=True, blank=True, help_text="From the failure until the plan's node count was reached again."
    )
    rows_acknowledged = models.PositiveIntegerField(null=True, blank=True)
    rows_lost = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-began_at",)
        indexes = [models.Index(fields=["store", "-began_at"], name="failover_history")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.store}"


class MonitorLeaseQuerySet(models.QuerySet["MonitorLease"]):
    """The questions that are asked of leases."""

    def alive(self, store: DataStore) -> MonitorLeaseQuerySet:
        """The lease of the site on which a store runs, while somebody holds it."""
        return self.filter(site_kind=store.region.site.kind, until__gt=timezone.now())


class MonitorLease(models.Model):
    """Who watches the nodes of a site: one process at a time. A lease that ran out may be taken by another."""

    site_kind = models.CharField(max_length=20, primary_key=True)
    holder = models.UUIDField()
    process = models.CharField(max_length=80, help_text="Host and process id, for people.")
    taken_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = MonitorLeaseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.site_kind}: {self.process}"
