"""What a change of plan does to nodes and clients: pure functions from two plans to a way.

New nodes are made before anything else is done, nodes that are too many are removed after everything else. In
between, where the size changes, every node gets the new settings one after another, which clients notice once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Interruption(StrEnum):
    """What clients of the service address notice."""

    NONE = "none"
    SWITCHOVER = "switchover"
    RESTART = "restart"


@dataclass(frozen=True)
class Size:
    """The part of a plan that decides how its nodes are changed."""

    node_count: int
    ram_gib: int
    storage_gib: int


@dataclass(frozen=True)
class PlanChange:
    """One plan after another.

    shrinks_primary_first  the engine's standbys refuse a primary whose limits are above their own
    """

    before: Size
    after: Size
    shrinks_primary_first: bool = False

    @property
    def added(self) -> int:
        """How many standbys are made."""
        return max(0, self.after.node_count - self.before.node_count)

    @property
    def removed(self) -> int:
        """How many standbys are removed."""
        return max(0, self.before.node_count - self.after.node_count)

    @property
    def resizes(self) -> bool:
        """Whether the servers need other settings, and so a restart each."""
        return (self.before.ram_gib, self.before.storage_gib) != (self.after.ram_gib, self.after.storage_gib)

    @property
    def in_place(self) -> bool:
        """Whether the primary itself is restarted: it is alone in both plans, or has to shrink before its standbys may."""
        alone = max(self.before.node_count, self.after.node_count) == 1
        shrinks = self.shrinks_primary_first and self.after.ram_gib < self.before.ram_gib
        return self.resizes and (alone or shrinks)

    @property
    def interruption(self) -> Interruption:
        """What clients of the service address notice: nothing where nodes only come or go."""
        if not self.resizes:
            return Interruption.NONE
        return Interruption.RESTART if self.in_place else Interruption.SWITCHOVER
