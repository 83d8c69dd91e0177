"""The product under test: a store with its nodes, reached as a client reaches it, broken as a machine breaks it.

Import it after Django was set up (see ``installed``).
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Node, Region, ServicePlan
from datastores.sites.local.engine import Place
from datastores.sites.local.engines import local_engine, replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of
from datastores.sites.local.replication import NotAnswering
from host.processes import Process, processes_below
from host.waiting import wait_until
from tests.bench.outage import Target
from tests.bench.peers.cluster import Fault, destroy

MAKE_SECONDS = 180.0


@dataclass(frozen=True)
class ProductCluster:
    """See ``peers.cluster.Cluster``; ``protocol`` is the one that the client speaks."""

    store: DataStore
    protocol: str

    def target(self) -> Target:
        """The service URI's parts."""
        store = DataStore.objects.select_related("slot").get(pk=self.store.pk)
        user, password, database = store.admin_user, store.admin_password, store.default_database
        return Target(self.protocol, store.slot.port, user, password, database, str(machine().ca_file))

    def identity(self) -> tuple[object, Process]:
        """The primary's row and its main process."""
        node = self._primary()
        process = machine().supervisor.program(place_of(node, machine().home).name)
        if process is None:
            raise OSError("The primary's process is not there now.")
        return node.pk, process

    def redundant(self) -> bool:
        """Every node of the plan is up, as its row says, and the primary itself says that it waits for all standbys."""
        nodes = list(self.store.nodes.all())
        if len(nodes) != self.store.plan.node_count or any(node.state != Node.State.UP for node in nodes):
            return False
        primary = self._place(self._primary())
        if len(nodes) == 1:
            return local_engine(self.store).ready(primary)
        replication = replicating_engine(self.store)
        try:
            standing = replication.standing(primary)
        except NotAnswering:
            return False
        standbys = {self._place(node).name for node in nodes} - {primary.name}
        in_step = {name for name, follower in standing.followers.items() if self._in_step(follower.synchronous)}
        return standing.writable and standbys <= in_step

    def kill_primary(self) -> None:
        """Kill the main process."""
        self.identity()[1].send(signal.SIGKILL)

    def freeze_primary(self) -> None:
        """Stop every process that works in the data directory."""
        for process in processes_below(self._place(self._primary()).data):
            process.send(signal.SIGSTOP)

    def destroy_primary(self) -> None:
        """Delete the data directory and kill the main process."""
        _, process = self.identity()
        destroy(self._place(self._primary()).data, lambda: process.send(signal.SIGKILL))

    def switch_over(self) -> None:
        """Ask as the page's button does."""
        actions.switch_over(actor=Actor(label="bench"), store=self.store)

    def mend(self, fault: Fault) -> bool:
        """Nothing: all of it comes back by itself, or the run fails."""
        del fault
        return False

    def _in_step(self, synchronous: bool) -> bool:
        return synchronous or replicating_engine(self.store).asynchronous

    def _primary(self) -> Node:
        return Node.objects.get(store=self.store, role=Node.Role.PRIMARY)

    def _place(self, node: Node) -> Place:
        return place_of(node, machine().home)


def make(member: Member, engine: str, plan: str, name: str) -> tuple[ProductCluster, float]:
    """Create a store as the wizard does; also returns the seconds until all its nodes are in step."""
    began = time.monotonic()
    store = actions.create_store(
        actor=Actor(person=member.person),
        member=member,
        engine=engine,
        name=name,
        region=Region.objects.get(cloud__slug="aws", code="eu-central-1"),
        plan=ServicePlan.objects.get(slug=plan),
    )
    cluster = ProductCluster(store, engine)

    def whole() -> bool:
        store.refresh_from_db()
        return store.state == DataStore.State.RUNNING and cluster.redundant()

    if not wait_until(whole, MAKE_SECONDS):
        raise RuntimeError(f"{name} was not whole within {MAKE_SECONDS:g} s: {store.state}, {store.evidence}")
    return cluster, time.monotonic() - began


def delete(cluster: ProductCluster, member: Member) -> None:
    """Delete it, so that its ports and memory are free."""
    actions.delete_store(actor=Actor(person=member.person), store=cluster.store, typed_name=cluster.store.name)
    wait_until(lambda: DataStore.objects.get(pk=cluster.store.pk).state == DataStore.State.DELETED, MAKE_SECONDS)
