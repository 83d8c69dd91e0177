"""Restarting every node with settings and certificates written anew: the standbys first, then a switchover."""

from __future__ import annotations

from typing import ClassVar

from datastores.models import DataStore
from datastores.operations.outcomes import Done, Goto, Outcome, Wait
from datastores.operations.procedure import step
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.procedures.switch_over import SwitchOver
from datastores.sites.local.replication import NotAnswering
from host.supervisor import SupervisionError

STOP_SECONDS = 8.0


class Restart(SwitchOver):
    """With standbys clients are interrupted for the length of a switchover, on a single node for that of a restart."""

    kind = "restart"
    title: ClassVar[str] = "Restart"
    first = "restart_standbys"

    @step("Restart the standbys")
    def restart_standbys(self) -> Outcome:
        """One after the other; the next one only when the one before follows again."""
        done: list[str] = self.memo.setdefault("restarted", [])
        for standby in self.standbys():
            if str(standby.pk) in done:
                continue
            place = self.place_at(standby)
            if self.memo.get("restarting") != str(standby.pk):
                configure_node(self.machine, standby)
                try:
                    self.machine.supervisor.restart(place.name, STOP_SECONDS)
                except SupervisionError as error:
                    return Wait(1.0, error.sentence)
                self.memo["restarting"] = str(standby.pk)
            try:
                following = self.replication.standing(place).following
            except NotAnswering:
                following = False
            if not following:
                return Wait(0.2, f"Node {standby.number} is starting again.")
            done.append(str(standby.pk))
        return Goto("choose" if done else "restart_alone")

    @step("Restart the server")
    def restart_alone(self) -> Outcome:
        """A single node is away for as long as its server takes."""
        if not self.memo.get("begun"):
            self.configure_node()
            try:
                self.machine.supervisor.restart(self.place.name, STOP_SECONDS)
            except SupervisionError as error:
                return Wait(1.0, error.sentence)
            self.memo["begun"] = True
        if not self.start_node():
            return Wait(0.2, "The server is starting.")
        return Goto("see")

    @step("Log in as a client does")
    def see(self) -> Outcome:
        """Running means that a client could log in."""
        evidence = self.verify_access()
        if evidence is None:
            return self.wait_for_access()
        self.mark(DataStore.State.RUNNING, evidence)
        return Done("The server was restarted.")
