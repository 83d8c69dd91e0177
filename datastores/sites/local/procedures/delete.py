"""Deleting a data store: address, process, files and secrets go; the audit trail stays, and for some days the archive."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import ClassVar

from django.utils import timezone

from datastores.models import DataStore, EdgeSlot, Node
from datastores.operations.outcomes import Done, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import addresses
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.keeping import retire_archive
from datastores.sites.local.archive.watching import discard
from datastores.sites.local.places import place_of
from datastores.sites.local.procedures.base import LocalProcedure

STOP_SECONDS = 4.0


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
        return Goto("stop")

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
