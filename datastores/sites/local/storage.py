"""Measures what a data store takes of this machine's disk, and has its writes stopped or allowed accordingly."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from datastores.models import DataStore, Operation
from datastores.sites import disk_use
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of
from datastores.sites.local.usage import used_bytes
from datastores.storage import GIB, level

log = logging.getLogger(__name__)
State = DataStore.State
EVERY: Final = timedelta(seconds=29)  # the watch comes every 15 s: every second time
# A disk that fills is looked at by every watch: at 100 MB/s, 15 s are 1.5 GB.
EVERY_WHEN_FULL: Final = timedelta(seconds=9)


def measure_disks() -> None:
    """Look at every store of this machine that should run, is due, and that no operation works on."""
    now = timezone.now()
    stores = DataStore.objects.filter(state__in=(State.RUNNING, State.UNREACHABLE), region__site__kind="local").exclude(
        pk__in=Operation.objects.busy_stores()
    )
    for store in stores.select_related("plan").prefetch_related("nodes"):
        if _is_due(store, now):
            try:
                watch_disk(store, size=_size(store))
            except Exception:  # one broken store must not leave the others' disks unwatched
                log.exception("The disk of %s could not be looked at.", store.pk)


def watch_disk(store: DataStore, *, size: int) -> bool:
    """Measure one store against ``size`` bytes; True when its server follows what the row says.

    The row comes first, then the effect: whatever is killed in between is made up for by the next look, since the
    effect is asked for every time and costs nothing where it is there already.
    """
    places = [place_of(node, machine().home) for node in store.nodes.all() if node.port is not None]
    if not places:
        return True
    engine = local_engine(store)
    used = max(used_bytes(place.data) for place in places)
    if level(used, size):
        for place in places:
            engine.make_room(place)
        used = max(used_bytes(place.data) for place in places)
    read_only = disk_use.save(store, used=used, size=size)
    followed = [engine.set_read_only(place, read_only=read_only) for place in places]
    disk_use.tell(store, used=used, size=size)
    return all(followed)


def _is_due(store: DataStore, now: datetime) -> bool:
    if store.disk_used_bytes is None or store.disk_measured_at is None:
        return True
    filling = store.read_only_since is not None or level(store.disk_used_bytes, _size(store)) > 0
    return now - store.disk_measured_at > (EVERY_WHEN_FULL if filling else EVERY)


def _size(store: DataStore) -> int:
    return store.plan.storage_gib * GIB
