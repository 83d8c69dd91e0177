"""Powering a data store off and on. Data and address stay."""

from __future__ import annotations

from typing import ClassVar

from datastores.models import DataStore, Node
from datastores.operations.outcomes import Done, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local.nodes import restart_node
from datastores.sites.local.procedures.opening import OpeningProcedure
from datastores.sites.local.procedures.replication import ReplicationProcedure
from host.supervisor import SupervisionError

STOP_SECONDS = 5.0  # per attempt; a server that is still shutting down gets more of them


class PowerOff(ReplicationProcedure):
    """Close the address, then stop the server cleanly."""

    kind = "power_off"
    title: ClassVar[str] = "Power off"
    first = "close"

    @step("Close the address")
    def close(self) -> Outcome:
        """No new sessions; the ones that are left end now."""
        self.close_address()
        return Goto("stop")

    @step("Stop the server")
    def stop(self) -> Outcome:
        """Stop by the engine's own signal, so that everything is on disk. The primary first: it ends when its standbys have
        everything."""
        for node in self.nodes():
            try:
                self.machine.supervisor.stop(self.place_at(node).name, STOP_SECONDS)
            except SupervisionError as error:
                return Wait(1.0, error.sentence)
            node.set_state(Node.State.DOWN)
        self.mark(DataStore.State.POWERED_OFF, "The server was stopped cleanly; its data is kept.")
        return Done("The data store is powered off. Its data and its address are kept.")


class PowerOn(OpeningProcedure):
    """Start the server, open the same address, and log in."""

    kind = "power_on"
    title: ClassVar[str] = "Power on"
    last_words: ClassVar[str] = "The data store is running at the same address as before."
    first = "start"

    @step("Start the server")
    def start(self) -> Outcome:
        """Settings and certificate are written anew, so that a renewed plan or certificate takes effect."""
        self.configure_node()
        if not self.start_node():
            return Wait(1.0, "The server is starting.")
        self.node.set_state(Node.State.UP)
        return Goto("start_standbys" if self.standbys() else "publish")

    @step("Start the standbys")
    def start_standbys(self) -> Outcome:
        """They catch up by themselves; one that does not come back is replaced later, and keeps nobody waiting."""
        for standby in self.standbys():
            if self.place_at(standby).data.exists():
                restart_node(self.machine, standby)
            standby.set_state(Node.State.UP)
        return Goto("publish")
