"""What is done when a node fails: the primary is followed by a standby or brought back, a standby is brought back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from console.errors import Refusal
from datastores.models import DataStore, Failover, Node, Operation
from datastores.models.store import SHOULD_RUN
from datastores.operations import registry, runner
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.loss import open_restore
from datastores.sites.local.engines import local_engine, replicating_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.monitor import records
from datastores.sites.local.monitor.facts import Facts, Failure, FailureKind
from datastores.sites.local.nodes import unblock_node
from datastores.sites.local.places import place_of
from datastores.sites.local.synchrony import MONITOR
from datastores.succession import Decision, Nobody, Promote, Restart, Situation, decide
from host.supervisor import Wanted

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.05
RESTART_SECONDS = 60.0  # how long one response looks after a primary that comes back in place
STANDBY_SECONDS = 10.0  # after which a standby that does not come back is replaced
UNBLOCK_SECONDS = 3.0


class Primary:
    """One primary that failed, until somebody serves."""

    def __init__(self, facts: Facts, failure: Failure, noticed: float, measure: Callable[[Failover], None]) -> None:
        self.facts, self.failure, self.noticed, self._measure = facts, failure, noticed, measure
        self.restarted_at = 0.0
        self._row: Failover | None = None
        self._waited = False

    def respond(self) -> bool:
        """Promote, or see that the primary comes back; returns when that is over or nothing can be done by itself.

        False where the node is no primary that should run.
        """
        if self.facts.has_standbys and self._failed_over():  # at once, as a rule
            return True
        deadline, mine = time.time() + RESTART_SECONDS, False
        while (node := self._still_mine()) is not None and time.time() < deadline:
            mine = True
            if self._is_over(node):
                return True
            time.sleep(PAUSE_SECONDS)
        if self._row is not None:
            records.give_up(self._row)
        return mine

    def _is_over(self, node: Node) -> bool:
        """Do what the decision says now; true when somebody serves, or an operation sees to it."""
        if self._waited and self._row is None:
            # A restart that somebody asked for, as a rule: only what is left of it is a failure.
            if self._is_worked_on(node):
                return False
            if self.failure.kind is FailureKind.EXIT and self._serves(node):
                return True
        decision = self._decision(node)
        if not isinstance(decision, Promote):
            return self._is_back(node, decision)
        if self._failed_over():
            return True
        self._is_worked_on(node)  # that must be let end first
        return False

    def _is_worked_on(self, node: Node) -> bool:
        """Whether an operation has the store to itself that a failover must let end first."""
        operation = node.store.running_operation()
        waits = operation is not None and not registry.procedure_of(operation).gives_way()
        self._waited = self._waited or waits
        return waits

    def _failed_over(self) -> bool:
        """Have a standby take its place; false where that is not to be, or something else must be let end first."""
        row = records.open_fail_over(self.facts.node, self._row, self.failure, self.noticed, self._is_to_be_promoted)
        if row is None or row.operation is None:
            return False
        self._row = row
        self._measure(row)
        runner.go_on(row.operation)
        drive(row.operation)
        return True

    def _is_to_be_promoted(self, node: Node) -> bool:
        return self._should_run(node) and isinstance(self._decision(node), Promote)

    def _decision(self, node: Node) -> Decision:
        return decide(self._situation(node), waited=time.time() - self.failure.at)

    def _is_back(self, node: Node, decision: Restart | Nobody) -> bool:
        """See whether it serves again, from its archive or in place."""
        if self._row is None:
            if self._is_worked_on(node):
                return False
            self._row = records.open_row(node, self.failure)
            self._measure(self._row)
        if isinstance(decision, Nobody) and self._restored(node):
            return True
        if self._came_back(node, decision):
            records.close_restarted(self._row, self.noticed)
            return True
        return False

    def _serves(self, node: Node) -> bool:
        return local_engine(node.store).ready(self.facts.place)

    def _still_mine(self) -> Node | None:
        """Return the node while it is a primary that should run and that nobody stopped on purpose."""
        node = Node.objects.select_related("store__region__site", "store__plan").filter(pk=self.facts.node).first()
        if node is None or node.role != Node.Role.PRIMARY or node.is_fenced or not self._should_run(node):
            return None
        return node

    def _should_run(self, node: Node) -> bool:
        if node.store.state not in SHOULD_RUN:
            return False
        return bool(self.restarted_at) or machine().supervisor.status(self.facts.place.name).wanted is Wanted.UP

    def _situation(self, node: Node) -> Situation:
        """Return what the rows say, which is what was measured a moment ago: it decides only whether to fence. Whom to
        promote is decided after that, when all were asked."""
        replication = replicating_engine(node.store)
        standbys = node.store.nodes.filter(role=Node.Role.STANDBY).exclude(port=None)
        answering: dict[str, int] = {}
        counted = set()
        for standby in standbys:
            place = place_of(standby, machine().home)
            if standby.counted:
                counted.add(place.name)
            if standby.state == Node.State.UP:
                answering[place.name] = 0
        return Situation(
            counted=frozenset(counted),
            suspended=node.store.guarantee_suspended_since is not None,
            answering=answering,
            data_lost=self.failure.kind == FailureKind.DATA_LOST,
            asynchronous=replication.asynchronous,
        )

    def _restored(self, node: Node) -> bool:
        """Have a single node whose data are lost restored from its archive; the operation's timeline says what was lost."""
        if node.store.plan.node_count > 1 or archiver_of(node.store) is None:
            return False
        try:
            with transaction.atomic():
                records.make_way(DataStore.objects.locked(node.store))
                open_restore(node.store, MONITOR.name)
        except Refusal:  # there is no backup, or something works on the store
            return False
        if self._row is not None:
            self._row.delete()  # no change of the primary: the restore has a record of its own
        return True

    def _came_back(self, node: Node, decision: Restart | Nobody) -> bool:
        """See whether the primary serves in place; help where it does not come back by itself."""
        name = self.facts.place.name
        if self.failure.kind == FailureKind.HANG and not self.restarted_at:
            log.warning("Node %s hangs and is started anew: %s", name, decision)
            machine().supervisor.kill(name)
            self.restarted_at = time.time()
            machine().supervisor.start(name)
        if self._serves(node):
            return True
        if (
            node.store.running_operation() is None
            and time.time() - max(self.noticed, self.restarted_at) > UNBLOCK_SECONDS
        ):
            self.restarted_at = time.time()
            unblock_node(machine(), node)
        return False


def standby_failed(facts: Facts, failure: Failure) -> bool:
    """Note it, so that the primary waits for it no longer; help it back; leave what does not come back to be replaced.

    False where the node is no standby that was up.
    """
    standbys = Node.objects.select_related("store").filter(role=Node.Role.STANDBY, state=Node.State.UP)
    node = standbys.filter(pk=facts.node).first()
    if node is None or node.store.state not in SHOULD_RUN:
        return False
    node.set_state(Node.State.DOWN)
    if failure.kind == FailureKind.HANG:
        machine().supervisor.kill(facts.place.name)
        machine().supervisor.start(facts.place.name)
    return True


def drive(operation: Operation) -> None:
    """Run an operation to its end, whatever it waits for in between."""
    while True:
        runner.run(operation.pk)
        found = Operation.objects.filter(pk=operation.pk).values("state", "due_at").first()
        if found is None or found["state"] not in Operation.ACTIVE:
            return
        time.sleep(min(0.5, max(0.005, (found["due_at"] - timezone.now()).total_seconds())))


def half_done() -> list[Operation]:
    """Return the failovers that somebody began and nobody carries on."""
    return list(Operation.objects.due().filter(kind="fail_over", store__region__site__kind="local"))
