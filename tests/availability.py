"""A store with standbys, the monitor that watches it, and a client that writes all the time and counts what was lost."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection, connections

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Failover, Node, Operation, Region, ServicePlan
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.monitor.response import drive
from datastores.sites.local.monitor.watcher import Watcher
from datastores.sites.local.places import place_of
from host.processes import end_all, processes_below
from host.waiting import wait_until
from tests.bench.outage import Client, Target, longest_gap, lost
from tests.local_site import settle

WHOLE_SECONDS = 90.0
LAST_INSTANTS = (
    0.5  # seconds that a standby which confirms afterwards may be behind on a machine that does other things
)
Maker = Callable[[str, str], DataStore]


@pytest.fixture
def site(transactional_db: None, local_site: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The local site, with a database that the monitor's threads see as well, and leave when they are done."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    return local_site


@pytest.fixture
def make(site: Machine, actor: Actor, admin: Member, region: Region) -> Maker:
    """Make a store as the page makes it."""

    def made(engine: str, plan: str) -> DataStore:
        chosen = ServicePlan.objects.get(slug=plan)
        store = actions.create_store(
            actor=actor, member=admin, engine=engine, name=f"{engine}-{plan}", region=region, plan=chosen
        )
        done = settle(store.operations.get())
        assert done.state == Operation.State.DONE, done.sentence
        return fresh(store)

    return made


class Monitor:
    """The monitor in threads of this process, and a worker beside it that carries out what others opened."""

    def __init__(self) -> None:
        self.watcher = Watcher()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self.watcher.run), threading.Thread(target=self._work)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.watcher.loop.stop()
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def sees(self, store: DataStore) -> bool:
        """Whether it has had an answer of each of the store's nodes: what happens before is a start, not a failure."""
        watches = [watch for watch in list(self.watcher.loop._watches.values()) if watch.facts.store == store.pk]
        return len(watches) == store.plan.node_count and all(watch.heart.answered for watch in watches)

    def _work(self) -> None:
        while not self._stopped.wait(0.05):
            for operation in Operation.objects.due().exclude(kind="fail_over"):
                drive(operation)
        connections.close_all()


@contextmanager
def watching() -> Iterator[Monitor]:
    """Have a monitor run."""
    monitor = Monitor()
    monitor.start()
    try:
        yield monitor
    finally:
        monitor.stop()


@pytest.fixture
def monitor(site: Machine) -> Iterator[Monitor]:
    """A monitor for the whole test."""
    with watching() as one:
        yield one


def fresh(store: DataStore) -> DataStore:
    """Read a store again."""
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)


def primary(store: DataStore) -> Node:
    """Return the store's primary."""
    return Node.objects.select_related("store__region__site", "store__plan").get(store=store, role=Node.Role.PRIMARY)


def is_whole(store: DataStore) -> bool:
    """Whether every node of the plan is up, each acknowledged write is on two, and nothing is being done."""
    now = fresh(store)
    nodes = list(now.nodes.all())
    standbys = [node for node in nodes if node.role == Node.Role.STANDBY]
    return (
        len(nodes) == now.plan.node_count
        and all(node.state == Node.State.UP for node in nodes)
        and all(node.following for node in standbys)
        and now.guarantee_suspended_since is None
        and now.running_operation() is None
        and not Failover.objects.filter(store=store, finished_at=None).exists()
    )


def wait_whole(store: DataStore) -> None:
    """Wait until the redundancy is complete."""
    assert wait_until(lambda: is_whole(store), WHOLE_SECONDS), [
        *store.nodes.values_list("number", "role", "state", "following", "counted"),
        *store.operations.values_list("kind", "state", "sentence"),
        fresh(store).guarantee_suspended_since,
    ]


def kill(node: Node) -> None:
    """End the main process, as a crash does."""
    program = machine().supervisor.program(place_of(node, machine().home).name)
    assert program is not None
    program.send(signal.SIGKILL)


def freeze(node: Node) -> None:
    """Stop every process of the server without ending it."""
    for process in processes_below(place_of(node, machine().home).data):
        process.send(signal.SIGSTOP)


def destroy(node: Node) -> None:
    """Delete the data, then end the processes."""
    data = place_of(node, machine().home).data
    shutil.rmtree(data, ignore_errors=True)
    end_all(data, 10)


FAULTS: dict[str, Callable[[Node], None]] = {"kill": kill, "freeze": freeze, "destroy": destroy}


@contextmanager
def writing(store: DataStore) -> Iterator[Client]:
    """Write rows through the store's address from before the block until after it."""
    protocol = "postgresql" if store.engine.startswith("postgresql") else store.engine
    target = Target(
        protocol=protocol,
        port=store.slot.port,
        user=store.admin_user,
        password=store.admin_password,
        database=store.default_database,
        ca=str(machine().ca_file),
        host=settings.EDGE_HOST,
    )
    with Client(target) as client:
        yield client


def outage(client: Client, fault: float, *, asynchronous: bool = False) -> float:
    """Stop the client; the seconds for which it was not served. No acknowledged row may be missing; of a store whose
    standbys confirm afterwards, only those of the last instants before the fault."""
    client.stop()
    moments = {one.number: one.at for one in client.acknowledgements}
    missing = {number: moments[number] - fault for number in lost(client.acknowledgements, client.found)}
    if asynchronous:
        missing = {number: before for number, before in missing.items() if before < -LAST_INSTANTS}
    assert missing == {}
    return longest_gap(client.acknowledgements, fault, client.ended)


def last_change(store: DataStore) -> Failover:
    """Return what was kept of the last change of the primary."""
    connection.ensure_connection()
    return Failover.objects.filter(store=store).order_by("-began_at")[0]
