"""A failure drill: the primary fails on purpose. What follows is the monitor's business, as in earnest."""

from __future__ import annotations

import shutil
import signal
from typing import ClassVar

from datastores.models import Failover
from datastores.operations.outcomes import Done, Fail, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local import phases
from datastores.sites.local.procedures.replication import ReplicationProcedure
from host.processes import end_all, processes_below

KILL_SECONDS = 5.0


class Drill(ReplicationProcedure):
    """The memo has ``fault``, a kind of Failover."""

    kind = "drill"
    title: ClassVar[str] = "Failure drill"
    first = "prepare"

    @step("Write numbered rows through the address")
    def prepare(self) -> Outcome:
        """Without the canary, and without a monitor that would act, there is no drill."""
        if not self.measured(self.memo["fault"], f"Drill, asked for by {self.operation.requested_by}."):
            return Wait(0.1, "Waiting for the canary that measures what clients notice.")
        if not Failover.objects.filter(operation=self.operation, rows_acknowledged__isnull=False).exists():
            return Fail(
                "The monitor does not write through the address, so nothing was done to the primary.",
                "See whether the monitor runs (manage.py status), then try again.",
            )
        self.memo["victim"] = str(self.node.pk)
        phases.begins_now(self.operation)
        return Goto("fail")

    @step("Let the primary fail")
    def fail(self) -> Outcome:
        """Done to the node that was the primary when the drill began, once: a later one is spared."""
        if self.memo["victim"] != str(self.node.pk):
            return Done("The primary has changed already.")
        place = self.place
        if self.memo["fault"] == Failover.Kind.DRILL_FREEZE:
            for process in processes_below(place.data):
                process.send(signal.SIGSTOP)
        elif self.memo["fault"] == Failover.Kind.DRILL_DESTROY:
            shutil.rmtree(place.data, ignore_errors=True)
            end_all(place.data, KILL_SECONDS)
        elif (program := self.machine.supervisor.program(place.name)) is not None:
            program.send(signal.SIGKILL)
        return Done("The fault was made. What the monitor does about it stands in the history below.")

    def gives_way(self) -> bool:
        """What it does is to make the primary fail."""
        return True

    def failed(self, failure: Fail) -> None:
        """Nothing was done to the store."""
        Failover.objects.filter(operation=self.operation).delete()
