"""The product's own watch of the rows' nodes, over servers that are simulated: run by ``bench_monitor``.

Everything is as in ``manage.py monitor`` but what is done about a failure, for there must be none: the lease, the query for
the nodes every second, the engines' own probes, one descriptor per process. Arguments: the pid that stands for every
node's process. Says "watching" when every node has answered, and every failure that it believes to see.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import django

django.setup()

from datastores.sites.local.engines import LOCAL_ENGINES  # noqa: E402
from datastores.sites.local.monitor.facts import Facts, Failure, watched_nodes  # noqa: E402
from datastores.sites.local.monitor.lease import Lease  # noqa: E402
from datastores.sites.local.monitor.loop import Loop  # noqa: E402
from datastores.sites.local.pulse import Pulse  # noqa: E402
from datastores.sites.local.replication import Replicating  # noqa: E402
from host.processes import Process  # noqa: E402


class Calm:
    """Does nothing but count and tell."""

    def __init__(self, nodes: int) -> None:
        self._lease, self._left = Lease("local"), nodes

    def failed(self, facts: Facts, failure: Failure, done: Callable[[], None]) -> None:
        """Tell: it is wrong."""
        print(f"failed {facts.engine} {failure.sentence}", flush=True)
        done()

    def returned(self, facts: Facts) -> None:
        """Count; tell when it was the last."""
        del facts
        self._left -= 1
        if not self._left:
            print("watching", flush=True)

    def tend(self) -> bool:
        """Renew the lease."""
        return self._lease.hold()


def pulse_of(facts: Facts) -> Pulse:
    """Return the engine's own."""
    engine = LOCAL_ENGINES[facts.engine]
    assert isinstance(engine, Replicating)
    return engine.pulse(facts.place)


def main() -> None:
    """Watch until killed."""
    process = Process.find(int(sys.argv[1]))
    Loop(watched_nodes, pulse_of, lambda _name: process, Calm(len(list(watched_nodes())))).run()


if __name__ == "__main__":
    main()
