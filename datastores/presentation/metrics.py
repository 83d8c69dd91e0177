"""What Prometheus reads: gauges of every data store and of the console, out of the database, in seven queries whatever their number."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Max, Min, OuterRef, Subquery
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from console.models import Delivery
from console.services import console_backup
from datastores.alarms import TITLES
from datastores.models import Archive, Backup, DataStore, Failover, MonitorLease, Operation, Proof
from datastores.models.store import SHOULD_RUN

GIB: Final = 1024**3
Family = GaugeMetricFamily | CounterMetricFamily
LABELS: Final = ["store", "name", "organization", "engine"]
FIELDS: Final = (
    "pk", "name", "organization__handle", "engine", "state", "disk_used_bytes", "plan__storage_gib", "plan__node_count",
    "guarantee_suspended_since",
)  # fmt: skip


def exposition() -> bytes:
    """Return everything in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Database())
    return generate_latest(registry)


class _Database(Collector):
    """Reads the database when it is asked."""

    def describe(self) -> list[Family]:
        """Say nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Family]:
        """Return the families."""
        now = timezone.now()
        stores = {row["pk"]: row for row in DataStore.objects.exclude(state=DataStore.State.DELETED).values(*FIELDS)}
        yield from _stores(stores)
        yield from _archives(stores, now)
        yield _failovers(stores)
        yield from _console(now)


def _stores(stores: dict[Any, dict[str, Any]]) -> Iterator[Family]:
    state = GaugeMetricFamily("headwater_store_state", "The state of a data store.", labels=[*LABELS, "state"])
    up = _gauge("store_up", "1 while clients can log in; only of data stores that should run.")
    alone = _gauge("store_guarantee_suspended", "1 while the primary alone acknowledges writes.")
    used = _gauge("store_disk_used_bytes", "Bytes that the data take.")
    size = _gauge("store_disk_size_bytes", "Bytes that the plan has.")
    for row in stores.values():
        labels = _labels(row)
        state.add_metric([*labels, row["state"]], 1)
        size.add_metric(labels, row["plan__storage_gib"] * GIB)
        if row["state"] in SHOULD_RUN:
            up.add_metric(labels, row["state"] == DataStore.State.RUNNING)
        if row["plan__node_count"] > 1:
            alone.add_metric(labels, row["guarantee_suspended_since"] is not None)
        if row["disk_used_bytes"] is not None:
            used.add_metric(labels, row["disk_used_bytes"])
    yield from (state, up, alone, used, size)


def _archives(stores: dict[Any, dict[str, Any]], now: datetime) -> Iterator[Family]:
    backup = _gauge("store_last_backup_age_seconds", "Seconds since the newest complete backup.")
    proof = _gauge("store_last_proof_age_seconds", "Seconds since a restore last proved a backup.")
    archived = _gauge("store_archived_until_age_seconds", "Seconds that are not archived yet.")
    alarm = GaugeMetricFamily(
        "headwater_store_archive_alarm", "1 while an alarm of the archive holds.", labels=[*LABELS, "alarm"]
    )
    complete = Backup.objects.filter(archive=OuterRef("pk"), state=Backup.State.COMPLETE).order_by("-finished_at")
    passed = Proof.objects.filter(archive=OuterRef("pk"), state=Proof.State.PASSED).order_by("-finished_at")
    rows = Archive.objects.filter(store__in=list(stores)).annotate(
        backup_at=Subquery(complete.values("finished_at")[:1]), proof_at=Subquery(passed.values("finished_at")[:1])
    )
    for row in rows.values("store", "archived_until", "alarms", "backup_at", "proof_at"):
        labels = _labels(stores[row["store"]])
        moments = ((backup, row["backup_at"]), (proof, row["proof_at"]), (archived, row["archived_until"]))
        for family, moment in moments:
            if moment:
                family.add_metric(labels, max(0.0, (now - moment).total_seconds()))
        for name in TITLES:
            alarm.add_metric([*labels, name], name in row["alarms"])
    yield from (backup, proof, archived, alarm)


def _failovers(stores: dict[Any, dict[str, Any]]) -> Family:
    family = CounterMetricFamily(
        "headwater_store_failovers", "Changes of the primary that have ended.", labels=[*LABELS, "kind", "succeeded"]
    )
    ended = Failover.objects.filter(store__in=list(stores)).exclude(finished_at=None).order_by()
    for row in ended.values("store", "kind", "succeeded").annotate(number=Count("pk")):
        succeeded = str(bool(row["succeeded"])).lower()
        family.add_metric([*_labels(stores[row["store"]]), row["kind"], succeeded], row["number"])
    return family


def _console(now: datetime) -> Iterator[Family]:
    operations = GaugeMetricFamily("headwater_operations", "Operations by kind and state.", labels=["kind", "state"])
    for row in Operation.objects.order_by().values("kind", "state").annotate(number=Count("pk")):
        operations.add_metric([row["kind"], row["state"]], row["number"])
    yield operations
    due = Operation.objects.due().aggregate(number=Count("pk"), oldest=Min("due_at"))
    yield GaugeMetricFamily("headwater_operations_due", "Operations that wait for a worker.", value=due["number"])
    late = (now - due["oldest"]).total_seconds() if due["oldest"] else 0.0
    yield GaugeMetricFamily(
        "headwater_operations_due_seconds", "How long the oldest of them waits.", value=max(0.0, late)
    )
    waiting = Delivery.objects.due().count()
    yield GaugeMetricFamily("headwater_deliveries_due", "Mails and webhook calls that wait.", value=waiting)
    watched = MonitorLease.objects.aggregate(until=Max("until"))["until"]
    yield GaugeMetricFamily("headwater_monitor_up", "1 while a monitor watches.", value=bool(watched and watched > now))
    if newest := console_backup.newest_at(settings.HOME):
        age = max(0.0, (now - newest).total_seconds())
        yield GaugeMetricFamily("headwater_console_backup_age_seconds", "Since the console was backed up.", value=age)
    if settings.HOME.archive.exists():
        disk = shutil.disk_usage(settings.HOME.archive)
        share = disk.free / disk.total
        yield GaugeMetricFamily("headwater_archive_disk_free_ratio", "Free share of the archive's disk.", value=share)


def _gauge(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"headwater_{name}", words, labels=LABELS)


def _labels(row: dict[str, Any]) -> list[str]:
    return [str(row["pk"]), row["name"], row["organization__handle"], row["engine"]]
