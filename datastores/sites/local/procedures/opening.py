"""The end that making a data store and powering it on share: open the address, then log in through it."""

from __future__ import annotations

from typing import ClassVar

from datastores.models import DataStore
from datastores.operations.outcomes import Done, Goto, Outcome
from datastores.operations.procedure import step
from datastores.sites.local.procedures.replication import ReplicationProcedure


class OpeningProcedure(ReplicationProcedure):
    """A procedure after which clients can log in."""

    last_words: ClassVar[str]

    @step("Open the address")
    def publish(self) -> Outcome:
        """Let the stable address, the store's for life, lead to the server."""
        self.open_address()
        return Goto("verify")

    @step("Log in as a client does")
    def verify(self) -> Outcome:
        """Running means that a client could log in."""
        evidence = self.verify_access()
        if evidence is None:
            return self.wait_for_access()
        self.mark(DataStore.State.RUNNING, evidence)
        return Done(self.last_words)
