"""One run: a client writes, something happens to the primary, and what the client saw of it is measured."""

from __future__ import annotations

import time
from dataclasses import dataclass

from host.waiting import wait_until
from tests.bench.outage import Client, longest_gap, lost, served

from .cluster import Cluster, Fault, commit

# Until the client is served by another primary, and until nothing is missing any more.
SERVED_SECONDS = 120.0
REDUNDANT_SECONDS = 120.0
QUIET_SECONDS = 0.5  # of uninterrupted service, before and at the end


@dataclass(frozen=True)
class Outcome:
    """Seconds without service, seconds until full redundancy (None: it needed a person), and rows."""

    outage: float
    redundancy: float | None
    acknowledged: int
    lost: int


class TrialError(Exception):
    """The cluster did not come back; the run has no figures."""


def run(cluster: Cluster, fault: Fault) -> Outcome:
    """Let the fault happen once, to a cluster that is whole, and wait until it is whole again."""
    if not wait_until(cluster.redundant, REDUNDANT_SECONDS):
        raise TrialError("The cluster was not whole before the fault.")
    with Client(cluster.target()) as client:
        before, at = cluster.identity(), time.monotonic()
        commit(cluster, fault)

        def back() -> bool:
            return _another(cluster, before) and served(client.acknowledgements, at, QUIET_SECONDS, time.monotonic())

        if not wait_until(back, SERVED_SECONDS):
            raise TrialError(f"Nobody followed the primary within {SERVED_SECONDS:g} s.")
        needs_person = cluster.mend(fault)
        if not wait_until(cluster.redundant, REDUNDANT_SECONDS):
            raise TrialError(f"The cluster was not whole within {REDUNDANT_SECONDS:g} s.")
        redundancy = time.monotonic() - at
        time.sleep(QUIET_SECONDS)
        client.stop()
        return Outcome(
            longest_gap(client.acknowledgements, at, client.ended),
            None if needs_person else redundancy,
            len(client.acknowledgements),
            len(lost(client.acknowledgements, client.found)),
        )


def _another(cluster: Cluster, before: object) -> bool:
    try:
        return cluster.identity() != before
    except OSError:
        return False
