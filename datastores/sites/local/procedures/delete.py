"""Deleting a data store: address, process, files and secrets go; the audit trail stays, and for some days the archive."""

from __future__ import annotations

import logging
import shutil
from datetime import datetime
from typing import ClassVar

from django.db import DatabaseError
from django.utils import timezone

from datastores.models import Archive, DataStore, EdgeSlot, Node
from datastores.operations.outcomes import Done, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import addresses
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.keeping import retire_archive
from datastores.sites.local.archive.watching import discard, look_at, seal
from datastores.sites.local.places import place_of
from datastores.sites.local.procedures.base import LocalProcedure

log = logging.getLogger(__name__)
STOP_SECONDS = 4.0
SEAL_SECONDS = 20.0  # how long the last of the log may take to arrive


class Delete(LocalProcedure):
    """Every step looks at what is left, so that it can run after a provision that stopped anywhere."""

    kind = "delete"
    title: ClassVar[str] = "Delete the data store"
    first = "settle"

    @step("Wait until nothing else works on it")
    def settle(self) -> Outcome:
        """A cancelled operation may be in the middle of a step until its lease has run out."""
        until = self.memo.get("not_before")
        left = (datetime.fromisoformat(until) - timezone.now()).total_seconds() if until else 0.0
        if left > 0:
            return Wait(left, "Waiting for the step that was running to end.")
        return Goto("close")

    @step("Close the address")
    def close(self) -> Outcome:
        """Nobody can connect from here on."""
        if EdgeSlot.objects.filter(store=self.store).exists():
            self.close_address()
        return Goto("seal")

    @step("Archive what was written last")
    def seal(self) -> Outcome:
        """What is kept of it then ends with its last write. Where that can't be done the archive ends up to a minute before,
        and the deletion goes on."""
        archiver, archive = (
            archiver_of(self.store),
            Archive.objects.select_for_update().filter(store=self.store).first(),
        )
        node = self.store.nodes.filter(role=Node.Role.PRIMARY).exclude(port=None).first()
        if archiver is None or archive is None or node is None or not archive.kept():
            return Goto("stop")
        # A mark may be known in whole seconds only; it must be later than all that has arrived already.
        early = (archive.archived_until - timezone.now()).total_seconds() + 1 if archive.archived_until else 0.0
        if "sealed" not in self.memo and early > 0:
            return Wait(early, "The log is marked once more a second after its last mark.")
        try:
            if "sealed" not in self.memo:
                self.memo["sealed"] = seal(archive, archiver, self.place_at(node)).isoformat()
            seen = look_at(self.store, archiver)
        except DatabaseError:
            raise
        except Exception:  # whatever is wrong with a server that goes anyway
            log.warning("The end of the log of %s could not be archived.", self.store.pk, exc_info=True)
            return Goto("stop")
        sealed = datetime.fromisoformat(self.memo["sealed"])
        if (seen and seen.reaches(sealed)) or (timezone.now() - sealed).total_seconds() > SEAL_SECONDS:
            return Goto("stop")
        return Wait(0.2, "Waiting for the last of its log to arrive in the archive.")

    @step("Stop the server")
    def stop(self) -> Outcome:
        """Stop and forget the service: its data is deleted next, so a slow shutdown is ended by force."""
        for operation in self.store.operations.filter(background=True).values_list("pk", flat=True):
            discard(self.machine, operation.hex)  # a backup that ran goes no further
        archiver = archiver_of(self.store)
        for node in self.store.nodes.exclude(port=None):
            place = place_of(node, self.machine.home)
            self.machine.supervisor.remove(place.name, STOP_SECONDS)
            if archiver:
                archiver.end(place.directory)
        return Goto("erase")

    @step("Erase the data")
    def erase(self) -> Outcome:
        """Delete the directories of every node, then forget the nodes."""
        for node in self.store.nodes.exclude(port=None):
            place = place_of(node, self.machine.home)
            for directory in (place.directory, place.sockets):
                if directory.exists():
                    shutil.rmtree(directory)
        Node.objects.filter(store=self.store).delete()
        return Goto("forget")

    @step("Forget the secrets and free the address")
    def forget(self) -> Outcome:
        """The row stays for the audit trail, without a secret in it."""
        kept = retire_archive(self.machine, self.store)
        if slots := addresses.release_slots(self.store):
            self.machine.edge.apply(*map(addresses.edge_slot, slots))
        store = self.store
        store.admin_password = store.next_admin_password = ""
        store.deleted_at = timezone.now()
        store.save(update_fields=["admin_password", "next_admin_password", "deleted_at"])
        left = f" Its encrypted archive is kept until {kept:%-d %B %Y, %H:%M} UTC." if kept else ""
        self.mark(DataStore.State.DELETED, f"Processes, files, address and secrets are gone.{left}")
        return Done(f"The data store is deleted.{left}")
