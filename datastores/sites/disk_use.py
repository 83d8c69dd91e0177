"""Saves what was measured of a data store's disk, and what follows: writes stopped or allowed, people told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from datastores.models import DataStore
from datastores.sites import disk_news
from datastores.storage import Disk, Verdict, decide, percent

WATCH = Actor(label="disk watch")


def save(store: DataStore, *, used: int, size: int) -> bool:
    """Save a measurement in bytes; return whether writes should be stopped from now on.

    A change of that is one transaction with its audit event, before anything is done to a server.
    """
    now = timezone.now()
    mine = DataStore.objects.filter(pk=store.pk)
    if _verdict(store, used, size).read_only == (store.read_only_since is not None):
        mine.update(disk_used_bytes=used, disk_measured_at=now)
        return store.read_only_since is not None
    with transaction.atomic():
        locked = mine.select_for_update().select_related("organization").get()
        read_only = _verdict(locked, used, size).read_only
        since = _since(locked, now) if read_only else None
        mine.update(disk_used_bytes=used, disk_measured_at=now, read_only_since=since)
        if read_only != (locked.read_only_since is not None):
            action = "store.writes_stopped" if read_only else "store.writes_allowed"
            record(
                action, actor=WATCH, organization=locked.organization, subject=locked, percent=int(percent(used, size))
            )
        store.read_only_since = since
    return read_only


def tell(store: DataStore, *, used: int, size: int) -> None:
    """Tell the organization of a threshold that was reached, once: what was told is saved with the notice."""
    if _verdict(store, used, size).told == store.disk_warned_percent:
        return
    with transaction.atomic():
        locked = DataStore.objects.select_for_update(of=("self",)).select_related("organization").get(pk=store.pk)
        verdict = _verdict(locked, used, size)
        _send(locked, verdict, used, size)
        DataStore.objects.filter(pk=store.pk).update(disk_warned_percent=verdict.told)
        store.disk_warned_percent = verdict.told


def _send(store: DataStore, verdict: Verdict, used: int, size: int) -> None:
    if verdict.warn:
        organization = store.organization
        record("store.disk_warned", actor=WATCH, organization=organization, subject=store, percent=verdict.warn)
        disk_news.warn(store, verdict.warn, used=used, size=size)
    elif verdict.relieved:
        disk_news.relieve(store, used=used, size=size)


def _verdict(store: DataStore, used: int, size: int) -> Verdict:
    return decide(Disk(used, size, store.disk_warned_percent, store.read_only_since is not None))


def _since(store: DataStore, now: datetime) -> datetime:
    return store.read_only_since or now
