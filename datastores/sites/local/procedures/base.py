"""What the local procedures share: the node, its place, its engine, and the steps that several of them take."""

from __future__ import annotations

from functools import cached_property

from datastores.models import DataStore, Node
from datastores.operations.outcomes import Fail, Outcome, Wait
from datastores.operations.procedure import Procedure
from datastores.sites.local import access, addresses
from datastores.sites.local.engine import LocalEngine, Place, ProbeFailure
from datastores.sites.local.engines import local_engine
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.nodes import configure_node, unblock_node
from datastores.sites.local.places import place_of
from host.waiting import wait_until

READY_SECONDS = 3.0  # how long a step itself watches a server start; after that the operation waits
PROBE_SECONDS = 1.0


class LocalProcedure(Procedure):
    """A procedure on this machine."""

    @property
    def machine(self) -> Machine:
        """This machine's parts."""
        return machine()

    @cached_property
    def node(self) -> Node:
        """The store's primary."""
        return self.store.nodes.get(role=Node.Role.PRIMARY)

    @property
    def place(self) -> Place:
        """The node's directories and port. The port must have been reserved."""
        return place_of(self.node, self.machine.home)

    def place_at(self, node: Node) -> Place:
        """Return any node's directories and port, which must have been reserved."""
        return place_of(node, self.machine.home)

    @property
    def engine(self) -> LocalEngine:
        """How the store's engine lives on this machine."""
        return local_engine(self.store)

    def configure_node(self) -> None:
        """Write certificate, settings and service definition of the node."""
        configure_node(self.machine, self.node)

    def start_node(self) -> bool:
        """Have the node started; true when the platform can log in over its socket."""
        self.machine.supervisor.start(self.place.name)
        if wait_until(lambda: self.engine.ready(self.place), READY_SECONDS):
            return True
        unblock_node(self.machine, self.node)
        return False

    def open_address(self) -> None:
        """Let the store's stable address lead to the node. The one for reads gets its allow list; where it leads is the
        monitor's matter."""
        addresses.point_slot(self.store, self.node.port)
        self.machine.edge.apply(*map(addresses.edge_slot, addresses.slots_of(self.store)))

    def close_address(self) -> None:
        """Let the store's addresses lead nowhere and cut their sessions. The ports stay the store's."""
        slots = [addresses.point_slot(self.store, None), addresses.point_readers(self.store, [])]
        self.machine.edge.apply(*(addresses.edge_slot(slot) for slot in slots if slot))

    def verify_access(self) -> str | None:
        """Log in as a client does (see ``access.log_in``); the evidence, or None while it does not work."""
        evidence = ""

        def logged_in() -> bool:
            nonlocal evidence
            try:
                evidence = access.log_in(self.store, self.node)
            except ProbeFailure as failure:
                self.memo["last_failure"] = str(failure)
            return bool(evidence)

        return evidence if wait_until(logged_in, PROBE_SECONDS) else None

    def wait_for_access(self) -> Outcome:
        """Say what is still missing until a client can log in. An edge that was just starting may have read its files
        before the slot's was written, so the address is opened again; and the server is wanted up, also after
        everything was stopped in between."""
        unblock_node(self.machine, self.node)
        self.open_address()
        return Wait(
            1.0, f"The server has started; a client can't log in yet: {self.memo.get('last_failure', 'no answer')}"
        )

    def mark(self, state: DataStore.State, evidence: str = "") -> None:
        """Save the store's state with its evidence."""
        self.store.set_state(state, evidence)

    def failed(self, failure: Fail) -> None:
        """Show on the store what the operation could not do."""
        self.mark(DataStore.State.FAILED, failure.sentence)
