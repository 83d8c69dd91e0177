"""Making a standby: a new one, or one in the place of a node that is lost."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import ClassVar

from datastores.models import Node
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import addresses, phases
from datastores.sites.local.joining import join
from datastores.sites.local.parting import erase
from datastores.sites.local.procedures.replication import ReplicationProcedure
from datastores.sites.local.replication import CopyFailed, NotAnswering
from datastores.sites.local.synchrony import PrimaryChanged, converge

MOST_FAILURES = 5


class AddStandby(ReplicationProcedure):
    """The memo gets ``node``, the standby's key."""

    kind = "add_standby"
    title: ClassVar[str] = "Add a standby"
    first = "allot"
    time_limit = timedelta(days=1)  # a large data set takes hours to copy

    @property
    def standby(self) -> Node:
        """The node that is made."""
        facts = Node.objects.select_related("store__region__site", "store__plan")
        return facts.get(pk=self.memo["node"])

    @step("Reserve a place for the standby")
    def allot(self) -> Outcome:
        """A new node, with a port of its own."""
        node = Node.make_another(self.store)
        addresses.reserve_node_port(node)
        self.memo["node"] = str(node.pk)
        return Goto("join")

    @step("Copy the primary's data and follow it")
    def join(self) -> Outcome:
        """Go on with the copy, start the standby, and wait until it has caught up."""
        try:
            said = join(self.machine, self.standby)
        except NotAnswering as error:
            return Wait(1.0, f"The primary did not answer: {error}")
        except CopyFailed as error:
            self.memo["failures"] = self.memo.get("failures", 0) + 1
            if self.memo["failures"] >= MOST_FAILURES:
                return Fail(
                    f"The standby could not be copied. {error}", "The primary is not affected; try again later."
                )
            return Wait(2.0, f"{error} It is begun anew.")
        return Goto("synchronise") if said is None else Wait(0.2, said)

    @step("Have writes wait for it", own_transactions=True)
    def synchronise(self) -> Outcome:
        """From here on acknowledged writes are on two nodes."""
        return self.wait_for_guarantee("finish")

    @step("Finish")
    def finish(self) -> Outcome:
        """Keep how long the redundancy took to come back, where this belongs to a failover."""
        number = self.standby.number
        phases.save_redundancy(self.store)
        return Done(f"Node {number} follows the primary.")

    def gives_way(self) -> bool:
        """A failover can't wait for a copy."""
        return True

    def failed(self, failure: Fail) -> None:
        """The store runs as before, with less redundancy, which its page says."""


class ReplaceNode(AddStandby):
    """The memo has ``lost``, the key of the node that is replaced. A former primary is rewound where that is possible."""

    kind = "replace_node"
    title: ClassVar[str] = "Replace a node"
    first = "end"

    @step("End what is left of the lost node", own_transactions=True)
    def end(self) -> Outcome:
        """Writes wait for it no longer, then it is ended; its service stays down until it follows the present primary."""
        lost = self._lost()
        if lost is None:
            return Goto("allot")
        if lost.state == Node.State.UP:
            lost.set_state(Node.State.DOWN)
        with contextlib.suppress(NotAnswering, PrimaryChanged):
            converge(self.store)
        self.machine.supervisor.kill(self.place_at(lost).name)
        return Goto("rewind" if lost.state == Node.State.FENCED else "renew")

    @step("Rewind the former primary")
    def rewind(self) -> Outcome:
        """Undo what the present primary does not have, so that the node can follow without a copy."""
        lost = self._lost()
        if lost is None:
            return Goto("allot")
        try:
            rewound = self.replication.rewind(self.place_at(lost), self.place_at(self.node))
        except (CopyFailed, NotAnswering) as error:
            return Wait(1.0, str(error))
        if rewound is None:
            return Wait(0.2, "The former primary is being rewound.")
        if not rewound:
            return Goto("renew")
        lost.set_state(Node.State.JOINING)
        self.memo["node"] = str(lost.pk)
        return Goto("join")

    @step("Make room for a new node")
    def renew(self) -> Outcome:
        """A node that can't be mended is removed, and a new one with a number of its own takes its place.

        What it held is deleted, unless writes that were acknowledged may be on it alone: then it is kept aside.
        """
        lost = self._lost()
        if lost is None:
            return Goto("join")
        if "node" not in self.memo:
            node = Node.make_another(self.store)
            addresses.reserve_node_port(node)
            self.memo["node"] = str(node.pk)
        erase(self.machine, lost, suspect=True)
        return Goto("join")

    def _lost(self) -> Node | None:
        return Node.objects.select_related("store").filter(pk=self.memo["lost"]).first()
