"""A planned switchover: the primary hands over to a standby that has everything, and follows it."""

from __future__ import annotations

import contextlib
from typing import ClassVar

from datastores.models import DataStore, Failover, Node
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import phases
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.procedures.replication import ReplicationProcedure
from datastores.sites.local.replication import NotAnswering
from datastores.sites.local.synchrony import suspend
from host.supervisor import SupervisionError

STOP_SECONDS = 8.0
PROMOTE_SECONDS = 3.0


class SwitchOver(ReplicationProcedure):
    """The memo has ``node`` (the standby's key, or nothing: the most advanced) and ``phases``."""

    kind = "switch_over"
    title: ClassVar[str] = "Switch over"
    cause: ClassVar[str] = "Asked for by"
    first = "choose"

    @step("Choose a standby that has caught up")
    def choose(self) -> Outcome:
        """Save who hands over to whom before anything is done."""
        if not self.measured(Failover.Kind.SWITCHOVER, f"{self.cause} {self.operation.requested_by}."):
            return Wait(0.1, "Waiting for the canary that measures what clients notice.")
        self.lock()
        standby = self._chosen()
        if standby is None:
            return Fail(
                "No standby has caught up with the primary, so nothing was changed.",
                "Wait until the Nodes tab shows a standby that follows, then try again.",
            )
        self.memo |= {"old": str(self.node.pk), "chosen": str(standby.pk), "lossless": True}
        self.memo["phases"] = phases.begins_now(self.operation)
        suspend(self.store)
        return Goto("hand_over")

    @step("Hand over")
    def hand_over(self) -> Outcome:
        """Close the address, let the primary end with everything sent, promote, and lead the address to the new one."""
        self.lock()
        old, new = self._named("old"), self._named("chosen")
        self.close_edge()
        if not self._steps_down(old, new):
            return Goto("give_up")
        phases.note(self.memo, "fence")
        if not self.becomes_primary(new, PROMOTE_SECONDS):
            return Goto("give_up")
        phases.note(self.memo, "promote")
        self.swap(old, new, state=Node.State.JOINING)
        self.lead_to(new)
        phases.note(self.memo, "repoint")
        return Goto("settle")

    @step("Have the others follow it")
    def settle(self) -> Outcome:
        """The old primary has the same history up to the end, so it follows without a copy."""
        primary = self._named("chosen")
        self.redirect(primary)
        old = self._named("old")
        if old.state == Node.State.JOINING:
            if (said := self._rejoin(old, primary)) is not None:
                return Wait(0.2, said)
            old.set_state(Node.State.UP)
        return Goto("synchronise")

    @step("Wait for the standbys again", own_transactions=True)
    def synchronise(self) -> Outcome:
        """The guarantee holds again when a standby has caught up."""
        return self.wait_for_guarantee("finish")

    @step("Finish")
    def finish(self) -> Outcome:
        """Keep what was measured."""
        primary = self._named("chosen")
        phases.save(self.operation, succeeded=True, new_primary=f"Node {primary.number}")
        phases.save_redundancy(self.store)
        self.mark(DataStore.State.RUNNING, f"Switched over to node {primary.number}.")
        return Done(f"Node {primary.number} is the primary; the address is the same.")

    @step("Give the switchover up")
    def give_up(self) -> Outcome:
        """The standby could not take over: the old primary goes on, with everything. Unless the standby takes writes by
        now: it was promoted, so there is only the way forward."""
        self.lock()
        old, new = self._named("old"), self._named("chosen")
        with contextlib.suppress(NotAnswering):
            if self.replication.standing(self.place_at(new)).writable:
                return Goto("hand_over")
        self.machine.supervisor.kill(self.place_at(new).name)  # whatever it does later, it does not do as a primary
        new.set_state(Node.State.FENCED)
        self.replication.take_back(self.place_at(old))
        configure_node(self.machine, old)
        if not self.start_node():
            return Wait(0.2, "The primary is starting again.")
        self.lead_to(old)
        return Fail(
            "The standby could not take over in time, so the primary was kept. Nothing is lost.",
            "The standby is made anew by itself; try again when the Nodes tab shows that it follows.",
        )

    def failed(self, failure: Fail) -> None:
        """The store goes on with its old primary; the watch says how it is."""
        if "phases" in self.memo:
            phases.save(self.operation, succeeded=False)

    def _chosen(self) -> Node | None:
        """Return the standby that was asked for, or the most advanced, if it follows and is close."""
        ahead = self.replication.standing(self.place).position
        best: tuple[int, Node] | None = None
        for node in self.standbys():
            if node.state != Node.State.UP or self.memo.get("node") not in {None, str(node.pk)}:
                continue
            with contextlib.suppress(NotAnswering):
                standing = self.replication.standing(self.place_at(node))
                near = standing.following and ahead - standing.position <= self.replication.close_enough
                if near and (best is None or standing.position > best[0]):
                    best = standing.position, node
        return best[1] if best else None

    def _steps_down(self, old: Node, new: Node) -> bool:
        place, standby = self.place_at(old), self.place_at(new)
        try:
            if self.replication.stops_to_step_down:
                self.machine.supervisor.stop(place.name, STOP_SECONDS)
            self.replication.step_down(place, standby)
        except (NotAnswering, SupervisionError) as error:
            self.memo["last_failure"] = str(error)
            return False
        return True

    def _rejoin(self, old: Node, primary: Node) -> str | None:
        place = self.place_at(old)
        self.configure_standby(old)
        if self.replication.stops_to_step_down:
            self.machine.supervisor.start(place.name)
        else:
            self.replication.follow(place, self.place_at(primary))
        return None if self.engine.ready(place) else "The old primary is starting as a standby."

    def configure_standby(self, node: Node) -> None:
        """Write what a node needs before it starts as a standby."""
        configure_node(self.machine, node)

    def _named(self, key: str) -> Node:
        return Node.objects.select_related("store__region__site", "store__plan").get(pk=self.memo[key])
