"""Making a data store: from a reserved address to a client that could log in."""

from __future__ import annotations

from typing import ClassVar

from datastores.models import Node
from datastores.operations.outcomes import Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import addresses, pool
from datastores.sites.local.joining import join
from datastores.sites.local.procedures.opening import OpeningProcedure
from datastores.sites.local.replication import CopyFailed, NotAnswering


class Provision(OpeningProcedure):
    """Reserve, prepare, start, secure, with standbys also join and synchronise, then publish and verify."""

    kind = "provision"
    title: ClassVar[str] = "Create the data store"
    last_words: ClassVar[str] = "The data store is running."
    first = "reserve"

    @step("Reserve an address")
    def reserve(self) -> Outcome:
        """Give the store its port for life, another for reads where it has standbys, and each node its internal one."""
        addresses.reserve_slot(self.store)
        if self.store.plan.node_count > 1:
            addresses.reserve_reader_slot(self.store)
        for node in self.store.nodes.order_by("number"):
            addresses.reserve_node_port(node)
        return Goto("prepare")

    @step("Prepare the data directory")
    def prepare(self) -> Outcome:
        """Take an initialised directory from the warm pool, or make one; then write certificate and settings."""
        self.place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        pool.take(self.engine, self.place.data)
        self.configure_node()
        return Goto("start")

    @step("Start the server")
    def start(self) -> Outcome:
        """Start the node under its supervisor."""
        if not self.start_node():
            return Wait(1.0, "The server is starting.")
        self.node.set_state(Node.State.UP)
        return Goto("secure")

    @step("Set the super admin's password")
    def secure(self) -> Outcome:
        """Give the super admin the password that the page shows."""
        if not self.start_node():  # it may have been stopped since
            return Wait(1.0, "The server is starting.")
        self.replication.prepare_primary(self.place, [])  # the canary's place; standbys are made known when they join
        self.engine.set_password(self.place, self.store.admin_user, self.store.admin_password)
        return Goto("join" if self.standbys() else "publish")

    @step("Make the standbys")
    def join(self) -> Outcome:
        """Copy the primary to each standby in turn, and have it follow."""
        for standby in self.standbys():
            if standby.state == Node.State.UP:
                continue
            try:
                said = join(self.machine, standby)
            except (CopyFailed, NotAnswering) as error:
                said = f"Trying again: {error}"
            if said is not None:
                return Wait(0.2, f"Node {standby.number}: {said}")
        return Goto("synchronise")

    @step("Have writes wait for a standby", own_transactions=True)
    def synchronise(self) -> Outcome:
        """From here on each acknowledged write is on two nodes."""
        return self.wait_for_guarantee("publish")
