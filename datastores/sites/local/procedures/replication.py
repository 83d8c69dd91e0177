"""What the procedures for standbys and for a change of the primary share."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from datastores.models import Failover, MonitorLease, Node
from datastores.operations.outcomes import Goto, Outcome, Wait
from datastores.sites.local import addresses, phases
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.joining import prepare_primary
from datastores.sites.local.procedures.base import LocalProcedure
from datastores.sites.local.replication import NotAnswering, Replicating
from datastores.sites.local.synchrony import PrimaryChanged, converge, lock_primary, suspend
from host.waiting import wait_until

SYNC_SECONDS = 3.0
CANARY_PATIENCE = timedelta(seconds=3)  # a change is not put off any longer for the sake of its measurement


class ReplicationProcedure(LocalProcedure):
    """A procedure on a store with standbys."""

    @property
    def replication(self) -> Replicating:
        """How the store's nodes follow each other."""
        return replicating_engine(self.store)

    def standbys(self) -> list[Node]:
        """Return the standbys that have a place and are not fenced."""
        others = self.store.nodes.filter(role=Node.Role.STANDBY).exclude(port=None)
        return list(others.exclude(state=Node.State.FENCED).select_related("store").order_by("number"))

    def nodes(self) -> list[Node]:
        """Return the primary, then the standbys."""
        return [self.node, *self.standbys()]

    def nodes_with_logins(self) -> list[Node]:
        """Return the nodes on which a login or a setting is to be changed: where it does not follow, on each of them."""
        return self.nodes() if self.replication.keeps_logins_per_node else [self.node]

    def swap(self, old: Node, new: Node, *, state: Node.State) -> None:
        """Save that ``new`` is the primary and ``old`` a standby in ``state``. Its log then has nothing that counts."""
        suspend(self.store)
        old.role, old.following = Node.Role.STANDBY, False
        old.save(update_fields=["role", "following"])
        old.set_state(state)
        new.role, new.following, new.lag_bytes, new.lag_seconds = Node.Role.PRIMARY, False, None, None
        new.save(update_fields=["role", "following", "lag_bytes", "lag_seconds"])
        new.set_state(Node.State.UP)

    def lead_to(self, node: Node) -> None:
        """Let the store's stable address lead to ``node``."""
        slot = addresses.point_slot(self.store, node.port)
        self.machine.edge.apply(addresses.edge_slot(slot))

    def close_edge(self) -> None:
        """Let the store's address lead nowhere, with the proof that no session is left."""
        slot = addresses.point_slot(self.store, None)
        self.machine.edge.fence(addresses.edge_slot(slot))

    def becomes_primary(self, node: Node, seconds: float) -> bool:
        """Promote a node whose turn it is; true when it takes writes. Nothing happens to one that does already."""
        place = self.place_at(node)
        return self.replication.promote(place) or wait_until(lambda: self._writable(place), seconds)

    def redirect(self, primary: Node) -> None:
        """Have every standby that runs follow the present primary. One that does not answer is replaced later."""
        for standby in self.standbys():
            if standby.pk != primary.pk and standby.state == Node.State.UP:
                try:
                    self.replication.follow(self.place_at(standby), self.place_at(primary))
                except Exception:  # its own failure, which the monitor sees as well
                    standby.set_state(Node.State.DOWN)
        prepare_primary(self.machine, primary)

    def measured(self, kind: str, cause: str) -> bool:
        """Open the record of a planned change, and say whether the monitor's canary writes by now, or won't."""
        row = Failover.objects.filter(operation=self.operation).first()
        if row is None:
            self.memo["phases"] = phases.begin()
            row = phases.open_record(
                self.operation, self.store, kind, cause=cause, old_primary=f"Node {self.node.number}"
            )
        late = timezone.now() - row.began_at > CANARY_PATIENCE
        return row.rows_acknowledged is not None or late or not MonitorLease.objects.alive(self.store).exists()

    def lock(self) -> None:
        """Let nobody change the primary, or for whom it waits, until this step is recorded."""
        lock_primary(self.store)

    def wait_for_guarantee(self, then: str) -> Outcome:
        """Have writes wait for the standbys that have caught up; for a step with transactions of its own."""
        try:
            converge(self.store, SYNC_SECONDS)
        except NotAnswering as error:
            return Wait(1.0, str(error))
        except PrimaryChanged:
            return Wait(1.0, "The primary is being changed.")
        self.store.refresh_from_db(fields=["guarantee_suspended_since"])
        if self.replication.asynchronous or self.store.guarantee_suspended_since is None:
            return Goto(then)
        return Wait(0.2, "The standbys are catching up.")

    def _writable(self, place: Place) -> bool:
        try:
            return self.replication.standing(place).writable
        except NotAnswering:
            return False
