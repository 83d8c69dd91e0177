"""Another plan for a data store with one node: its server restarts with other limits, at the same address.

The row takes the new plan only after a client could log in. Until then every failure leads back: the server is started
again with the limits of the plan that the row still names.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import ClassVar, Final

from django.db import DatabaseError

from datastores.models import DataStore, ServicePlan
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local.procedures.base import LocalProcedure
from host.supervisor import SupervisionError

log = logging.getLogger(__name__)
STOP_SECONDS = 5.0
PATIENCE: Final = 40  # waits of about a second, per direction
ATTEMPTS: Final = 3  # of a step that raises, before the way back
FORWARD: Final = ("stop", "start", "verify")


class ChangePlan(LocalProcedure):
    """Stop, start with the new limits, log in; or the same way back."""

    kind = "change_plan"
    title: ClassVar[str] = "Change the plan"
    first = "stop"

    @cached_property
    def wanted(self) -> ServicePlan:
        """The plan that was asked for."""
        return ServicePlan.objects.get(pk=self.memo["plan"])

    def run(self, name: str) -> Outcome:
        """Run a step; on the way forward, one that goes on raising leads back instead of leaving the server down."""
        try:
            return super().run(name)
        except DatabaseError:
            raise
        except Exception as error:
            if name not in FORWARD or self.operation.attempts < ATTEMPTS:
                raise
            log.exception("Step %s of a plan change failed; the way back begins.", name)
            return self._back(f"the step failed ({type(error).__name__})")

    @step("Stop the server")
    def stop(self) -> Outcome:
        """Stop by the engine's own signal, so that everything is on disk. The address stays open."""
        return self._stop() or Goto("start")

    @step("Start it with the new plan")
    def start(self) -> Outcome:
        """Write the settings of the new plan and start."""
        self._configure(self.wanted)
        if self.start_node():
            return Goto("verify")
        return self._patiently("The server is starting.") or self._back("the server did not start with the new plan")

    @step("Log in as a client does")
    def verify(self) -> Outcome:
        """The row takes the plan now, and with it the meter."""
        evidence = self.verify_access()
        if evidence is None:
            why = f"no client could log in ({self.memo.get('last_failure', 'no answer')})"
            return self._patiently("The server has started; a client can't log in yet.") or self._back(why)
        self.store.plan = self.wanted
        self.store.save(update_fields=["plan"])
        self.mark(DataStore.State.RUNNING, evidence)
        return Done(f"The data store runs on {self.wanted} now, at the same address.")

    @step("Stop the server again")
    def back_stop(self) -> Outcome:
        """The way back begins where the way forward ended."""
        return self._stop() or Goto("back_start")

    @step("Start it with the plan of before")
    def back_start(self) -> Outcome:
        """Write the settings of the plan that the row names and start."""
        self._configure(self.store.plan)
        return Goto("back_verify") if self.start_node() else self._wait("The server is starting.")

    @step("Log in as before")
    def back_verify(self) -> Outcome:
        """The change has failed, the data store has not."""
        evidence = self.verify_access()
        if evidence is None:
            return self._wait("The server has started; a client can't log in yet.")
        self.memo["undone"] = True
        self.mark(DataStore.State.RUNNING, evidence)
        return Fail(
            f"The plan was not changed: {self.memo.get('why', 'it did not succeed')}. The data store runs on "
            f"{self.store.plan} as before; nothing is lost.",
            "Try again later, or ask an operator to look at the server's log.",
        )

    def failed(self, failure: Fail) -> None:
        """A change that was undone is no failure of the data store."""
        if not self.memo.get("undone"):
            super().failed(failure)

    def _configure(self, plan: ServicePlan) -> None:
        self.node.store = self.store
        named, self.store.plan = self.store.plan, plan
        try:
            self.configure_node()
        finally:
            self.store.plan = named

    def _stop(self) -> Outcome | None:
        try:
            self.machine.supervisor.stop(self.place.name, STOP_SECONDS)
        except SupervisionError as error:
            return Wait(1.0, error.sentence)
        return None

    def _patiently(self, sentence: str) -> Outcome | None:
        """Wait as long as that is reasonable; None when it no longer is."""
        self.memo["waits"] = self.memo.get("waits", 0) + 1
        return Wait(1.0, sentence) if self.memo["waits"] <= PATIENCE else None

    def _wait(self, sentence: str) -> Outcome:
        return Wait(1.0, sentence)

    def _back(self, why: str) -> Outcome:
        self.memo["why"] = why[:150]
        return Goto("back_stop")
