"""Saves what was measured of a data store's disk, and what follows: writes stopped or allowed, people told."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from datastores.models import DataStore
from datastores.sites import disk_mail
from datastores.storage import Disk, Verdict, decide, percent

log = logging.getLogger(__name__)
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
    """Tell the organization's Admins and DevOps of a threshold that was reached, once.

    What was told is saved after the mail server took the mail: one that could not be reached is asked again at the
    next measurement, and a kill in between costs a second mail rather than the only one.
    """
    if _verdict(store, used, size).told == store.disk_warned_percent:
        return
    try:
        with transaction.atomic():
            locked = DataStore.objects.select_for_update(of=("self",)).select_related("organization").get(pk=store.pk)
            verdict = _verdict(locked, used, size)
            _send(locked, verdict, used, size)
            DataStore.objects.filter(pk=store.pk).update(disk_warned_percent=verdict.told)
            store.disk_warned_percent = verdict.told
    except OSError as error:  # smtplib's errors are OSErrors, too
        log.warning("The mail about the disk of %s could not be sent: %s", store.pk, type(error).__name__)


def _send(store: DataStore, verdict: Verdict, used: int, size: int) -> None:
    if verdict.warn:
        organization = store.organization
        record("store.disk_warned", actor=WATCH, organization=organization, subject=store, percent=verdict.warn)
        disk_mail.warn(store, verdict.warn, used=used, size=size)
    elif verdict.relieved:
        disk_mail.relieve(store, used=used, size=size)


def _verdict(store: DataStore, used: int, size: int) -> Verdict:
    return decide(Disk(used, size, store.disk_warned_percent, store.read_only_since is not None))


def _since(store: DataStore, now: datetime) -> datetime:
    return store.read_only_since or now
