"""Restoring into a new data store. The one that it comes from is never touched."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar

from console.templatetags.ui import size as in_words
from datastores.models import Archive, Backup, DataStore, Node
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import addresses
from datastores.sites.local.archive.contract import ArchiverError, Target
from datastores.sites.local.archive.vault import Vault, vault_of
from datastores.sites.local.procedures.archiving import (
    ArchivingProcedure,
    WorkError,
    fraction,
    remaining_words,
    restored_so_far,
)
from datastores.sites.local.procedures.opening import OpeningProcedure

REMEDY = "The source and its archive are not affected. Choose an earlier moment or another backup, or retry."


class RestoringProcedure(OpeningProcedure, ArchivingProcedure):
    """Fetches a data directory out of an archive and has the server replay its log."""

    time_limit: ClassVar[timedelta] = timedelta(hours=24)

    @cached_property
    def source(self) -> Archive:
        """The archive that is restored from."""
        return Archive.objects.select_related("store").get(pk=self.memo["archive"])

    @property
    def source_vault(self) -> Vault:
        """Where that archive is."""
        return vault_of(self.source, self.machine.home)

    @property
    def backup(self) -> Backup:
        """The backup that is begun with."""
        return self.source.backups.defer("manifest").get(label=self.memo["label"])

    @property
    def target(self) -> Target:
        """What is restored."""
        moment = self.memo.get("moment")
        return Target(
            self.memo["label"],
            datetime.fromisoformat(moment) if moment else None,
            only_backup=bool(self.memo.get("only_backup")),
        )

    @step("Restore the backup")
    def fetch(self) -> Outcome:
        """Copy the backup out of the archive into the new node's directory."""
        size = self.backup.size_bytes or 0
        try:
            wait = self.work(
                "restore",
                lambda: self.archiver.restore(self.place, self.source_vault, self.target),
                lambda: self._progress(size),
                niceness=0,
            )
        except WorkError as error:
            return Fail(f"The backup could not be restored. {error}", REMEDY)
        return wait or Goto("replay")

    @step("Replay the archived log")
    def replay(self) -> Outcome:
        """Start the server; it replays the log up to the chosen moment before it takes writes."""
        self.configure_node()
        if not self.start_node():
            return Wait(1.0, "The server is starting on the restored data.")
        try:
            replayed = self.archiver.replayed(self.place)
        except ArchiverError as error:
            return Fail(str(error), REMEDY)
        if not replayed:
            position = self.archiver.replay_position(self.place)
            return Wait(1.0, f"The log is replayed up to {position}." if position else "The log is being replayed.")
        moment = self.archiver.recovered_to(self.place)
        self.memo["recovered_to"] = moment.isoformat() if moment else None
        self.archiver.settle(self.place)
        self.node.set_state(Node.State.UP)
        return Goto("secure")

    def _progress(self, size: int) -> str:
        """Say how much is there and, from the speed so far, how long the rest takes."""
        done = restored_so_far(self.place.data)
        began = self.operation.steps.filter(name="fetch").latest("pk").began_at
        words = f"{in_words(done)} of {in_words(size)} are restored ({fraction(done, size)})."
        return words + remaining_words(done, size, began)

    @step("Set the super admin's password")
    def secure(self) -> Outcome:
        """Give the super admin the password that the page shows."""
        if not self.start_node():  # it may have been stopped since
            return Wait(1.0, "The server is starting.")
        self.engine.set_password(self.place, self.store.admin_user, self.store.admin_password)
        return Goto("publish")

    @step("Log in as a client does")
    def verify(self) -> Outcome:
        """Running means that a client could log in."""
        evidence = self.verify_access()
        if evidence is None:
            return self.wait_for_access()
        self.mark(DataStore.State.RUNNING, evidence)
        self.clear()
        return Done(self.words())

    def words(self) -> str:
        """Return the operation's last sentence."""
        return self.last_words


class Restore(RestoringProcedure):
    """Reserve, fetch, replay, secure, publish, verify."""

    kind = "restore"
    title: ClassVar[str] = "Restore into this data store"
    last_words: ClassVar[str] = "The data store is running."
    first = "reserve"

    @step("Reserve an address")
    def reserve(self) -> Outcome:
        """Give the store its port for life and the node its internal one."""
        addresses.reserve_slot(self.store, self.memo.get("port"))
        if self.store.plan.node_count > 1:
            addresses.reserve_reader_slot(self.store)
        addresses.reserve_node_port(self.node)
        self.place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Goto("fetch")

    def words(self) -> str:
        """Say what is in the new store."""
        source = self.source.store.name
        if self.memo.get("deleted"):
            until = (self.memo.get("recovered_to") or "")[:19].replace("T", " ")
            return f"{source} is back, with everything that was archived up to {until} UTC."
        if self.memo.get("only_backup"):
            return f"Running with the state of {source} as its backup {self.memo['label']} has it."
        if moment := self.memo.get("moment"):
            return f"Running with the state of {source} at {moment[:19].replace('T', ' ')} UTC."
        until = (self.memo.get("recovered_to") or "")[:19].replace("T", " ")
        return f"Running with everything that {source} had archived, up to {until} UTC."
