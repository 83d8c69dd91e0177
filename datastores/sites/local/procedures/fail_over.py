"""Failing over: the failed primary is fenced with proof, then the standby that holds most takes its place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import ClassVar

from django.db import transaction

from datastores.models import DataStore, Failover, Node
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import phases
from datastores.sites.local.monitor import news
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.procedures.replication import ReplicationProcedure
from datastores.sites.local.replication import NotAnswering
from datastores.sites.local.synchrony import suspend
from datastores.succession import Decision, Nobody, Promote, Situation, decide
from host.supervisor import SupervisionError

PROMOTE_SECONDS = 1.5  # of one look; a standby with much to apply gets more of them
MOST_PROMOTION_SECONDS = 60.0  # then another is chosen
PAUSE_SECONDS = 0.05


class FailOver(ReplicationProcedure):
    """The memo has ``node`` (the failed primary's key), ``phases`` (see there) and ``data_lost``."""

    kind = "fail_over"
    title: ClassVar[str] = "Fail over"
    first = "fence"
    lease = timedelta(seconds=3)  # whoever carries it on after a crash must not wait long
    time_limit = timedelta(hours=1)
    reads_anew = (
        False  # until the address leads somewhere again; nobody changes the guarantee once the primary is fenced
    )

    @property
    def failed_node(self) -> Node:
        """The primary that failed."""
        return Node.objects.select_related("store").get(pk=self.memo["node"])

    @step("Fence the failed primary")
    def fence(self) -> Outcome:
        """No process of it is left and the edge leads nowhere: the proof without which nobody is promoted."""
        with ThreadPoolExecutor(1) as beside:  # each takes its 20 ms, and writes wait for both
            killed = beside.submit(self.machine.supervisor.kill, self.place_at(self.failed_node).name)
            self.close_edge()
        try:
            killed.result()
        except SupervisionError as error:
            return Wait(1.0, error.sentence)
        phases.note(self.memo, "fence")
        return Goto("choose")

    @step("Choose the most advanced standby")
    def choose(self) -> Outcome:
        """Ask every standby how far it is, and save whose turn it is before anything is done to it."""
        self.lock()
        standbys = {self.place_at(node).name: node for node in self.standbys()}
        decision, counted = self._decide(standbys)
        if isinstance(decision, Promote):
            chosen = str(standbys[decision.name].pk)
            self.memo |= {"chosen": chosen, "lossless": decision.lossless, "chosen_at": time.time()}
            suspend(self.store)
            return Goto("promote")
        if isinstance(decision, Nobody):
            return Wait(1.0, "No standby answers, and the primary can't come back by itself.")
        self.memo["counted"] = counted
        return Goto("take_back")

    @step("Promote it and lead the address to it")
    def promote(self) -> Outcome:
        """One transaction: the rows that name the primary and the address that clients reach change together."""
        self.lock()
        old, new = self.failed_node, Node.objects.select_related("store").get(pk=self.memo["chosen"])
        with ThreadPoolExecutor(1) as beside, transaction.atomic():  # the rows are written while the server is at it
            promoted = beside.submit(self._is_promoted, new)
            self.swap(old, new, state=Node.State.FENCED)
            transaction.set_rollback(not promoted.result())
        if not promoted.result():
            return self._another(new)
        phases.note(self.memo, "promote")
        self.lead_to(new)
        phases.note(self.memo, "repoint")
        return Goto("settle")

    @step("Have the others follow it")
    def settle(self) -> Outcome:
        """Re-point the other standbys; the failed node is replaced by an operation of its own."""
        self.store.refresh_from_db()
        self.redirect(self.node)
        phases.save(self.operation, succeeded=True, new_primary=f"Node {self.node.number}")
        cause = Failover.objects.filter(operation=self.operation).values_list("cause", flat=True).first() or ""
        news.tell_failover(self.store, self.node, cause, lossless=bool(self.memo.get("lossless")))
        self.mark(DataStore.State.RUNNING, f"Failed over to node {self.node.number}.")
        return Done(f"Node {self.node.number} is the primary; the address is the same.")

    @step("Bring the primary back in place")
    def take_back(self) -> Outcome:
        """The standby that has the latest writes went away meanwhile: the primary itself has them."""
        self.store.refresh_from_db()
        node = self.failed_node
        node.set_state(Node.State.UP)
        configure_node(self.machine, node)
        if not self.start_node():
            return Wait(PAUSE_SECONDS, "The primary is starting again.")
        self.lead_to(node)
        phases.save(self.operation, succeeded=True, new_primary=f"Node {node.number}")
        self.mark(DataStore.State.RUNNING, "The primary was started again in place.")
        return Done(f"Node {node.number} is the primary again: no standby could follow without losing writes.")

    def failed(self, failure: Fail) -> None:
        """Nobody can log in: the address leads nowhere until somebody helps."""
        phases.save(self.operation, succeeded=False)
        super().failed(failure)

    def _is_promoted(self, node: Node) -> bool:
        """Promote it; asks nothing of the console's database, because another thread writes there meanwhile."""
        try:
            return self.becomes_primary(node, PROMOTE_SECONDS)
        except Exception as error:  # whatever is wrong with it: another may be chosen
            self.memo["last_failure"] = type(error).__name__
            return False

    def _decide(self, standbys: Mapping[str, Node]) -> tuple[Decision, list[str]]:
        counted, answering = set(), {}
        tried = set(self.memo.get("tried", []))
        for name, node in standbys.items():
            if node.counted:
                counted.add(name)
            if str(node.pk) in tried or node.state != Node.State.UP:
                continue
            try:
                answering[name] = self.replication.standing(self.place_at(node)).position
            except NotAnswering:
                continue
        situation = Situation(
            counted=frozenset(counted),
            suspended=self.store.guarantee_suspended_since is not None,
            answering=answering,
            data_lost=bool(self.memo.get("data_lost")),
            asynchronous=self.replication.asynchronous,
        )
        return decide(situation, waited=time.time() - self.memo["phases"]["failed"]), sorted(counted)

    def _another(self, chosen: Node) -> Outcome:
        """Wait for the chosen one, or fence it as well and choose again: two must never be promoted for one failure."""
        if time.time() - self.memo["chosen_at"] < MOST_PROMOTION_SECONDS and self.engine.ready(self.place_at(chosen)):
            return Wait(PAUSE_SECONDS, f"Node {chosen.number} is applying what it has received.")
        self.machine.supervisor.kill(self.place_at(chosen).name)
        chosen.set_state(Node.State.FENCED)
        self.memo["tried"] = [*self.memo.get("tried", []), str(chosen.pk)]
        return Goto("choose")
