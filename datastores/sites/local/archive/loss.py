"""Finding data stores whose only node has lost its data directory, and having them restored."""

from __future__ import annotations

import logging

from django.db import transaction

from console.audit import PLATFORM, record
from console.errors import Refusal
from datastores.models import Archive, Backup, DataStore, Node, Operation
from datastores.models.store import SHOULD_RUN
from datastores.operations.opening import open_operation
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of

log = logging.getLogger(__name__)
KIND = "restore_node"


def lost_stores(parts: Machine) -> list[DataStore]:
    """Return the archived stores with a single node that should run and whose data directory is gone or empty."""
    stores = DataStore.objects.filter(
        state__in=SHOULD_RUN, region__site__kind="local", archive__backups__state=Backup.State.COMPLETE
    ).exclude(pk__in=Operation.objects.busy_stores())
    return [store for store in stores.distinct().select_related("plan", "region__site") if _is_lost(parts, store)]


def replace_lost(parts: Machine) -> None:
    """Open the restore of every store that is lost."""
    for store in lost_stores(parts):
        try:
            open_restore(store, PLATFORM.name)
        except Refusal:  # something else works on it by now
            continue
        log.warning("The data directory of %s is gone; it is being restored from its archive.", store.pk)


@transaction.atomic
def open_restore(store: DataStore, requested_by: str) -> Operation:
    """Open the restore of a store's only node from its archive. Raises Refusal where something works on the store."""
    store = DataStore.objects.locked(store)
    if not Archive.objects.filter(store=store, backups__state=Backup.State.COMPLETE).exists():
        raise Refusal(f"{store} has no good backup.", "What is on disk is left as it is.")
    operation = open_operation(KIND, store=store, requested_by=requested_by)
    store.set_state(DataStore.State.UNREACHABLE, "The node is lost. It is being restored from its backup.")
    record("store.node_lost", actor=PLATFORM, organization=store.organization, subject=store)
    return operation


def _is_lost(parts: Machine, store: DataStore) -> bool:
    nodes = list(Node.objects.filter(store=store).exclude(port=None))
    if archiver_of(store) is None or len(nodes) != 1:
        return False
    place = place_of(nodes[0], parts.home)
    if not place.directory.exists():  # perhaps a whole disk that is not mounted: a person decides
        return False
    return not place.data.exists() or not any(place.data.iterdir())
