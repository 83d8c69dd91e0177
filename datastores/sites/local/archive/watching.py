"""Looking at the log of each store that is archived: what arrived, what is missing, and what is silent."""

from __future__ import annotations

import logging
import shutil
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from console.encryption import EncryptionError
from datastores.alarms import NO_KEY, TITLES, alarms
from datastores.archives import facts_of
from datastores.models import Archive, DataStore, Node, Operation
from datastores.sites.local.archive import telling
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.contract import Archiver, ArchiverError, Look
from datastores.sites.local.archive.vault import vault_of
from datastores.sites.local.engine import Place
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from host.jobs import END_SECONDS, Job
from host.processes import end_all

log = logging.getLogger(__name__)
State = DataStore.State


def look_at_all() -> None:
    """Look at the log of every store of this machine that should run."""
    running = (State.RUNNING, State.UNREACHABLE)
    stores = DataStore.objects.filter(state__in=running, region__site__kind="local", archive__keep_until=None)
    for store in stores.select_related("plan", "organization").defer("admin_password", "next_admin_password"):
        if archiver := archiver_of(store):
            try:
                with transaction.atomic():
                    if archive := look_at(store, archiver):
                        tell(archive)
            except Exception:  # one broken store must not leave the others' logs unwatched
                log.exception("The log of %s could not be looked at.", store.pk)


def look_at(store: DataStore, archiver: Archiver) -> Archive | None:
    """Look at one store's log and save what was found; call it in a transaction. None before it has a server."""
    node = store.nodes.filter(role=Node.Role.PRIMARY).exclude(port=None).first()
    archive = Archive.objects.select_for_update().filter(store=store).first()
    if node is None or archive is None:
        return None
    archive.store, now = store, timezone.now()
    try:
        found = archiver.look(place_of(node, machine().home), vault_of(archive, machine().home), archive.position, now)
    except EncryptionError:
        found = Look(archive.position, problem=NO_KEY)
    except ArchiverError as error:
        found = Look(archive.position, problem=str(error))
    save(archive, found, now)
    return archive


def seal(archive: Archive, archiver: Archiver, place: Place) -> datetime:
    """Mark the log and have it archived up to the mark, the moment of which is returned: once ``archived_until`` is as late,
    everything of before is in the archive. Call it with the row locked. Raises ArchiverError."""
    moment, position = archiver.seal(place, archive.position)
    archive.position = dict(position)
    archive.save(update_fields=["position"])
    return moment


def save(archive: Archive, found: Look, now: datetime) -> None:
    """Write down a look. Log that never arrives begins the window anew, with a backup that is due at once."""
    archive.position, archive.looked_at = dict(found.position), now
    if found.arrived_at:
        archive.log_arrived_at = found.arrived_at
    if found.missing:
        archive.unbroken_since, archive.next_backup_at = now, now
    elif found.archived_until and (archive.archived_until is None or found.archived_until > archive.archived_until):
        archive.archived_until = found.archived_until
    if found.problem != archive.problem:
        archive.problem, archive.problem_since = found.problem[:200], now if found.problem else None
    archive.save()


def tell(archive: Archive) -> None:
    """Tell of alarms that are new and of those that are over; call it in the transaction that locks the row."""
    held = alarms(facts_of(archive, free=None if archive.in_bucket else free_share()), timezone.now())
    for name in sorted(held.keys() - set(archive.alarms)):
        telling.alarm(archive.store, TITLES[name], held[name])
    for name in sorted(set(archive.alarms) - held.keys()):
        telling.well_again(archive.store, TITLES[name])
    if set(archive.alarms) != held.keys():
        archive.alarms = sorted(held)
        archive.save(update_fields=["alarms"])


def free_share() -> float:
    """Return how much of the disk that holds the archives is free. Nobody can ask that of a bucket."""
    disk = shutil.disk_usage(machine().home.archive)
    return disk.free / disk.total


def sweep(parts: Machine) -> None:
    """End and delete the work of operations that are over, such as cancelled ones."""
    # What there is first, the rows after it: an operation's row is older than its directory.
    names = [directory.name for directory in parts.home.scratch.iterdir()] if parts.home.scratch.exists() else []
    active = {operation.hex for operation in Operation.objects.active().values_list("pk", flat=True)}
    for name in names:
        if name not in active:
            discard(parts, name)


def discard(parts: Machine, name: str) -> None:
    """End and delete the work of one operation."""
    directory = parts.home.scratch / name
    for job in (directory / "jobs").glob("*"):
        Job(job).end()
    end_all(directory, END_SECONDS)  # a server that has overwritten its environment is known by where it works
    shutil.rmtree(directory, ignore_errors=True)
    shutil.rmtree(parts.home.run / f"copy-{name[:12]}", ignore_errors=True)
