"""Giving nodes the settings of another plan than the one that the row names, one after the other."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from datastores.engines.registry import ENGINES
from datastores.models import Node, ServicePlan
from datastores.operations.outcomes import Outcome, Wait
from datastores.plan_changes import PlanChange
from datastores.sites.local.nodes import configure_node
from datastores.sites.local.parting import stand_aside
from datastores.sites.local.procedures.switch_over import SwitchOver
from datastores.sites.local.replication import NotAnswering
from host.supervisor import SupervisionError
from host.waiting import wait_until

STOP_SECONDS: Final = 5.0
FOLLOW_SECONDS: Final = 3.0
NEITHER: Final = 0  # no plan's key


class Resizing(SwitchOver):
    """The memo has ``plan`` and ``before``, the keys of the two plans, and ``sized``: by node the one it was started with."""

    @cached_property
    def wanted(self) -> ServicePlan:
        """The plan that was asked for."""
        return ServicePlan.objects.get(pk=self.memo["plan"])

    @cached_property
    def before(self) -> ServicePlan:
        """The plan of before."""
        return ServicePlan.objects.get(pk=self.memo["before"])

    @property
    def way(self) -> PlanChange:
        """What has to be done."""
        first = ENGINES[self.store.engine].shrinks_primary_first
        return PlanChange(self.before.size(), self.wanted.size(), shrinks_primary_first=first)

    def has_size(self, node: Node, plan: ServicePlan) -> bool:
        """Whether a node was started with the settings of a plan; with those of before, unless something else is noted."""
        return not self.way.resizes or self._sized.get(str(node.pk), self.before.pk) == plan.pk

    def note_size(self, node: Node, plan: ServicePlan) -> None:
        """Remember with whose settings a node is started from now on."""
        self._sized[str(node.pk)] = plan.pk

    def configure_as(self, node: Node, plan: ServicePlan) -> None:
        """Write a node's settings as a plan has them, whatever the row names."""
        self.store.refresh_from_db(fields=["guarantee_suspended_since"])
        named, node.store, self.store.plan = self.store.plan, self.store, plan
        try:
            configure_node(self.machine, node)
        finally:
            self.store.plan = named

    def configure_standby(self, node: Node) -> None:
        """The former primary comes back with the new size."""
        self.configure_as(node, self.wanted)
        self.note_size(node, self.wanted)

    def resize_all(self, plan: ServicePlan) -> Outcome | None:
        """Restart each standby that has another size; None when they all follow with this one.

        Call it outside of a transaction. One at a time, and none while writes wait for it.
        """
        self.replication.standing(self.place)  # raises where there is no primary to follow: a failover comes first
        for standby in self.standbys():
            if not self.has_size(standby, plan) and not self._resized(standby, plan):
                return Wait(0.2, f"Node {standby.number} is starting with the size of {plan}.")
        return None

    def stop_primary(self) -> Outcome | None:
        """Stop it by the engine's own signal, so that everything is on disk. The address stays open."""
        try:
            self.machine.supervisor.stop(self.place.name, STOP_SECONDS)
        except SupervisionError as error:
            return Wait(1.0, error.sentence)
        return None

    def follows(self, standby: Node) -> bool:
        """Whether a standby's stream is up."""
        try:
            return self.replication.standing(self.place_at(standby)).following
        except NotAnswering:
            return False

    @property
    def _sized(self) -> dict[str, int]:
        found: dict[str, int] = self.memo.setdefault("sized", {})
        return found

    def _resized(self, standby: Node, plan: ServicePlan) -> bool:
        mark = [str(standby.pk), plan.pk]
        if self.memo.get("resizing") != mark:
            if not stand_aside(self.machine, standby):
                return False
            self._sized[str(standby.pk)] = NEITHER  # until it is seen to follow
            self.configure_as(standby, plan)
            try:
                self.machine.supervisor.restart(self.place_at(standby).name, STOP_SECONDS)
            except SupervisionError:  # it is still writing to its disk
                return False
            self.memo["resizing"] = mark
        if not wait_until(lambda: self.follows(standby), FOLLOW_SECONDS):
            return False
        self.note_size(standby, plan)
        standby.set_state(Node.State.UP)
        return True
