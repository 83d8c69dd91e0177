"""What the bench asks of anything that fails over, ours and others'."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tests.bench.outage import Target


class Fault(StrEnum):
    """What happens to the primary; the value is its name in the tables."""

    KILL = "killed"
    FREEZE = "frozen"
    DESTROY = "data deleted, killed"
    SWITCH = "switchover"


class Cluster(Protocol):
    """Servers behind one address."""

    def target(self) -> Target:
        """Return the address, and a login that may write."""

    def identity(self) -> object:
        """Return something that is another one as soon as the primary is another process. Raises OSError while unknown."""

    def redundant(self) -> bool:
        """Say whether every server of the cluster is in place and follows the primary."""

    def kill_primary(self) -> None:
        """Kill the primary's main process (-9)."""

    def freeze_primary(self) -> None:
        """Stop every process of the primary (SIGSTOP), and leave them so."""

    def destroy_primary(self) -> None:
        """Delete the primary's data directory and kill its processes."""

    def switch_over(self) -> None:
        """Ask for a planned switchover."""

    def mend(self, fault: Fault) -> bool:
        """Do what a person or a service manager would have to do now, so that redundancy comes back.

        False: nothing, it comes by itself."""


def destroy(data: Path, kill: Callable[[], object]) -> None:
    """Delete a data directory and kill its server, then delete what the server still wrote into it meanwhile."""
    shutil.rmtree(data, ignore_errors=True)
    kill()
    shutil.rmtree(data, ignore_errors=True)


def commit(cluster: Cluster, fault: Fault) -> None:
    """Let it happen."""
    works: Mapping[Fault, Callable[[], None]] = {
        Fault.KILL: cluster.kill_primary,
        Fault.FREEZE: cluster.freeze_primary,
        Fault.DESTROY: cluster.destroy_primary,
        Fault.SWITCH: cluster.switch_over,
    }
    works[fault]()
