"""Removing standbys that the plan has no place for: left over by a change of plan that was ended in the middle."""

from __future__ import annotations

from typing import ClassVar

from datastores.operations.outcomes import Done, Fail, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local.parting import remove_surplus
from datastores.sites.local.procedures.replication import ReplicationProcedure


class RemoveStandby(ReplicationProcedure):
    """One after the other, until the plan's node count is left."""

    kind = "remove_standby"
    title: ClassVar[str] = "Remove a standby"
    first = "remove"

    @step("Remove the standbys that the plan has no place for", own_transactions=True)
    def remove(self) -> Outcome:
        """Writes wait for them no longer, then they go; the primary stays."""
        said = remove_surplus(self.machine, self.store)
        return Done("The data store has the nodes of its plan.") if said is None else Wait(0.2, said)

    def gives_way(self) -> bool:
        """A failover can't wait; what is left over then is removed after it."""
        return True

    def failed(self, failure: Fail) -> None:
        """The store runs as before, with a node too many."""
