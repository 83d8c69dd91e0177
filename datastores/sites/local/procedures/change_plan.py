"""Another plan: new standbys first, then the new size node by node, the row, and last what is too many; or all the way back.

The row takes the new plan only after a client could log in. Until then every failure leads back: nodes that were made
are removed, nodes that got the new size get the one of before. From then on there is only the way forward, and what
is left of it when the operation ends early the monitor does: it removes and replaces nodes by the row's plan.
"""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import timedelta
from typing import ClassVar, Final

from django.db import DatabaseError, transaction
from django.utils import timezone

from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Node
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import addresses, phases
from datastores.sites.local.joining import join
from datastores.sites.local.monitor.care import measure_replication, spread_reads
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.parting import remove_surplus
from datastores.sites.local.procedures.resizing import Resizing
from datastores.sites.local.replication import CopyFailed, NotAnswering

log = logging.getLogger(__name__)
PATIENCE: Final = 40.0  # seconds for a step that waits, before the way back
ATTEMPTS: Final = 3  # of a step that raises, before the way back
MOST_FAILURES: Final = 5  # of a copy
MAKING: Final = ("allot", "join", "cover")
# Where a step leads that raises, fails, or waits for longer than it may. After the handover the new primary serves: a
# node that does not come back then is replaced by the monitor.
ESCAPES: Final = {
    **dict.fromkeys((*MAKING, "resize_standbys", "choose", "give_up", "stop", "start", "verify"), "back_stop"),
    "hand_over": "give_up",
    **dict.fromkeys(("settle", "synchronise"), "finish"),
    **dict.fromkeys(("release", "align"), "close"),
    "back_nodes": "back_standbys",
    "back_standbys": "back_verify",
}


class ChangePlan(Resizing):
    """Also from one node to several and back. The primary stays where it is unless a standby takes its place for good."""

    kind = "change_plan"
    title: ClassVar[str] = "Change the plan"
    cause: ClassVar[str] = "Another plan was asked for by"
    first = "allot"
    time_limit = timedelta(days=1)  # a large data set takes hours to copy
    gave_way: ClassVar[str] = (
        "Ended because the primary failed first: the plan is the one of before, and standbys that were made for the new "
        "one are removed. Ask for the change again."
    )

    def run(self, name: str) -> Outcome:
        """Run a step; one that can't go on leads to where something can, instead of leaving the server down."""
        try:
            with contextlib.nullcontext() if self.has_own_transactions(name) else transaction.atomic():
                outcome = super().run(name)
        except DatabaseError:
            raise
        except Refusal as refusal:
            return self._escape(name, refusal.sentence)
        except Exception as error:
            if name not in ESCAPES or self.operation.attempts < ATTEMPTS:
                raise
            log.exception("Step %s of a plan change failed; another way is taken.", name)
            return self._escape(name, f"a step failed ({type(error).__name__})")
        if isinstance(outcome, Fail) and name in ESCAPES:
            return self._escape(name, outcome.sentence)
        if isinstance(outcome, Wait) and name in ESCAPES and self._waited(name) > self.patience(name):
            return self._escape(name, outcome.sentence)
        return outcome

    def gives_way(self) -> bool:
        """While standbys are made nothing else has changed, and when they are removed again everything is as before."""
        return self.operation.step in (*MAKING, "back_nodes", "back_verify")

    def patience(self, name: str) -> float:
        """Return for how many seconds a step may wait before another way is taken. A copy takes as long as it takes, and so
        does a server that writes everything to its disk."""
        return self.time_limit.total_seconds() if name in {"join", "stop"} else PATIENCE

    @step("Reserve what the new plan needs")
    def allot(self) -> Outcome:
        """Nodes with ports of their own, and an address for reads. Nobody counts on the first standby before it has all."""
        self.lock()
        self.memo["before"] = self.store.plan_id
        present = self.store.nodes.count()
        if present == 1 and self.wanted.node_count > 1 and not self.replication.asynchronous:
            self.store.guarantee_suspended_since = timezone.now()
            self.store.save(update_fields=["guarantee_suspended_since"])
        if self.wanted.node_count > 1:
            addresses.reserve_reader_slot(self.store)
        for _ in range(self.wanted.node_count - present):
            addresses.reserve_node_port(Node.make_another(self.store))
        return Goto("join" if self.way.added else self._after_making())

    @step("Copy the primary's data to the new standbys")
    def join(self) -> Outcome:
        """One after the other, while clients go on."""
        for standby in self.standbys():
            if standby.state == Node.State.UP:
                continue
            try:
                said = join(self.machine, standby)
            except NotAnswering as error:
                said = str(error)
            except CopyFailed as error:
                self.memo["failures"] = self.memo.get("failures", 0) + 1
                if self.memo["failures"] >= MOST_FAILURES:
                    return Fail(f"a standby could not be copied ({error})", "")
                said = f"{error} It is begun anew."
            if said is not None:
                return Wait(0.2, f"Node {standby.number}: {said}")
        return Goto("cover")

    @step("Have writes wait for them", own_transactions=True)
    def cover(self) -> Outcome:
        """From here on each acknowledged write is on two nodes."""
        return self.wait_for_guarantee(self._after_making())

    @step("Restart the standbys with the new size", own_transactions=True)
    def resize_standbys(self) -> Outcome:
        """Clients notice nothing of it."""
        return self.resize_all(self.wanted) or Goto("choose")

    @step("Choose a standby that has caught up")
    def choose(self) -> Outcome:
        """Not at once where the monitor still has the restart of a standby before its eyes."""
        for standby in self.standbys():
            if standby.state == Node.State.DOWN and self.follows(standby):
                standby.set_state(Node.State.UP)
        outcome = super().choose()
        return Wait(0.2, "No standby has caught up with the primary yet.") if isinstance(outcome, Fail) else outcome

    @step("Keep what was measured")
    def finish(self) -> Outcome:
        """The switchover is over; the change of plan is not."""
        super().finish()
        self.memo["measured"] = True
        return Goto("verify")

    @step("Stop the server")
    def stop(self) -> Outcome:
        """Where no standby may take over. The address stays open."""
        self.note_size(self.node, self.wanted)
        return self.stop_primary() or Goto("start")

    @step("Start it with the new plan")
    def start(self) -> Outcome:
        """Write the settings of the new plan and start."""
        self.lock()
        self.configure_as(self.node, self.wanted)
        return Goto("verify") if self.start_node() else Wait(1.0, "The server is starting.")

    @step("Log in as a client does")
    def verify(self) -> Outcome:
        """The row takes the plan now, and with it limits, the backups' history and the meter."""
        evidence = self.verify_access()
        if evidence is None:
            why = self.memo.get("last_failure", "no answer")
            return Wait(1.0, f"The server has started; a client can't log in yet ({why}).")
        kept = ENGINES[self.store.engine].kept_settings(self.store.settings, self.wanted.facts())
        self.store.plan, self.store.settings = self.wanted, kept
        self.store.save(update_fields=["plan", "settings"])
        self.mark(DataStore.State.RUNNING, evidence)
        return Goto("release") if self.store.nodes.count() > 1 else self._done()

    @step("Remove the standbys that are too many", own_transactions=True)
    def release(self) -> Outcome:
        """Writes wait for them no longer, then they go; the primary stays."""
        self._adopt_settings()
        said = remove_surplus(self.machine, self.store)
        return Goto("align") if said is None else Wait(0.2, said)

    @step("Have every standby on the new size", own_transactions=True)
    def align(self) -> Outcome:
        """Those that had to wait for the primary."""
        return self.resize_all(self.wanted) or self._covered("close")

    @step("Lead reads to the standbys")
    def close(self) -> Outcome:
        """What does not follow yet is the monitor's matter, as always."""
        with contextlib.suppress(NotAnswering):
            measure_replication(self.store)
        spread_reads(self.store)
        return self._done()

    @step("Stop the server again")
    def back_stop(self) -> Outcome:
        """The way back begins where the way forward ended: a primary that nothing was done to goes on."""
        if self.has_size(self.node, self.before):
            return Goto("back_nodes")
        return self.stop_primary() or Goto("back_start")

    @step("Start it with the plan of before")
    def back_start(self) -> Outcome:
        """Write the settings of the plan that the row names and start."""
        self.lock()
        self.configure_as(self.node, self.before)
        if not self.start_node():
            return Wait(1.0, "The server is starting.")
        self.note_size(self.node, self.before)
        return Goto("back_nodes")

    @step("Remove the standbys that were made", own_transactions=True)
    def back_nodes(self) -> Outcome:
        """The row names the plan of before, so they are too many."""
        said = remove_surplus(self.machine, self.store)
        return Goto("back_standbys") if said is None else Wait(0.2, said)

    @step("Restart the standbys with the size of before", own_transactions=True)
    def back_standbys(self) -> Outcome:
        """Those that had the new one already."""
        return self.resize_all(self.before) or self._covered("back_verify")

    @step("Log in as before")
    def back_verify(self) -> Outcome:
        """The change has failed, the data store has not."""
        evidence = self.verify_access()
        if evidence is None:
            return self.wait_for_access()
        self.memo["undone"] = True
        self.mark(DataStore.State.RUNNING, evidence)
        return Fail(
            f"The plan was not changed: {self.memo.get('why', 'it did not succeed')}. The data store runs on "
            f"{self.store.plan} as before; nothing is lost.",
            "Try again later, or ask an operator to look at the server's log.",
        )

    def failed(self, failure: Fail) -> None:
        """A change that was undone, or that never touched the primary, is no failure of the data store."""
        if "phases" in self.memo and not self.memo.get("measured"):
            phases.save(self.operation, succeeded=False)
        if self.memo.get("undone") or "before" not in self.memo:
            return
        if not self.has_size(self.node, self.store.plan):
            self.mark(DataStore.State.FAILED, failure.sentence)

    def _covered(self, then: str) -> Outcome:
        """Have writes wait for the standbys again, where there are any."""
        return self.wait_for_guarantee(then) if self.standbys() else Goto(then)

    def _after_making(self) -> str:
        if not self.way.resizes:
            return "verify"
        return "stop" if self.way.in_place else "resize_standbys"

    def _adopt_settings(self) -> None:
        """What a person chose may follow from how many standbys there are."""
        for node in self.nodes() if self.store.settings else []:
            node.store = self.store
            configure_node(self.machine, node)
            self.engine.adopt_settings(self.place_at(node), self.store.settings)

    def _done(self) -> Outcome:
        return Done(f"The data store runs on {self.wanted} now, at the same address.")

    def _waited(self, name: str) -> float:
        """Return for how many seconds this step has waited."""
        since = self.memo.get("since")
        if since is None or since[0] != name:
            since = self.memo["since"] = [name, time.time()]
        return time.time() - float(since[1])

    def _escape(self, name: str, why: str) -> Outcome:
        if name == "give_up":
            why = "the standby could not take over in time"
        if ESCAPES.get(name) in {"back_stop", "give_up"}:
            self.memo.setdefault("why", why.rstrip(".")[:150])
        return Goto(ESCAPES.get(name, "back_stop"))
