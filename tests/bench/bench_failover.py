"""What a client notices when a primary fails: the product beside Patroni with etcd and Sentinel, same client, same machine.

``make bench`` runs all of it, which takes about half an hour: Patroni's defaults wait that long. For less:
``python -m tests.bench.bench_failover --runs 3 --engines postgresql --faults KILL SWITCH --without-peers``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from host.trees import Programs
from tests.bench.installed import installed, make_admin
from tests.bench.peers import patroni, sentinel
from tests.bench.peers.cluster import Cluster, Fault
from tests.bench.peers.trial import Outcome, TrialError, run
from tests.bench.report import Row, report
from tests.fixtures.environment import leave_root

if TYPE_CHECKING:
    from console.models import Member

RUNS = 10
CREATIONS = 5
# The monitor learns of a new node within a second, and runsv starts a server that ends in its first second only then.
NEW_SECONDS = 3.0
ENGINES = ("postgresql", "mysql", "cache")
OURS, SINGLE = "Headwater", "Headwater, single node"
# Seconds without service, median and worst, per engine in the order above; a fault on a single node is a restart in place.
GOALS: dict[tuple[str, Fault], tuple[tuple[float, float | None], ...]] = {
    (OURS, Fault.KILL): ((0.25, 0.6), (1.0, 2.0), (0.2, 0.5)),
    (OURS, Fault.FREEZE): ((1.5, None), (2.5, None), (1.5, None)),
    (OURS, Fault.DESTROY): ((0.4, None), (1.2, None), (0.3, None)),
    (OURS, Fault.SWITCH): ((0.4, None), (1.0, None), (0.2, None)),
    (SINGLE, Fault.KILL): ((0.5, None), (2.0, None), (0.4, None)),
}
REDUNDANCY_GOALS = {"postgresql": 5.0, "mysql": 10.0, "cache": 2.0}
CREATION_GOALS = {"postgresql": 6.0, "mysql": 15.0, "cache": 3.0}
LOSSLESS = ("postgresql", "mysql")
# How many times shorter our outage must be than a peer's.
PEER_GOALS = {patroni.DEFAULT.name: 20.0, patroni.FASTEST.name: 5.0, sentinel.NAME: 5.0}

Open = Callable[[], AbstractContextManager[Cluster]]


@dataclass
class Series:
    """The outcomes of one kind of run, and what went wrong in the others."""

    engine: str
    side: str
    fault: Fault
    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The words at the beginning of the table's rows."""
        return f"{self.engine} {self.fault.value}: {self.side}"

    @property
    def median(self) -> float:
        """Seconds without service."""
        return statistics.median(one.outage for one in self.outcomes)

    def measure(self, cluster: Cluster) -> bool:
        """Add a run; False where the cluster is not whole any more, so that it is of no use for another."""
        try:
            outcome = run(cluster, self.fault)
        except (TrialError, OSError, RuntimeError) as error:
            self.failures.append(str(error))
            print(f"{self.name}: {error}", file=sys.stderr, flush=True)
            return False
        self.outcomes.append(outcome)
        print(f"{self.name}: {outcome}", file=sys.stderr, flush=True)
        return True


def series(engine: str, side: str, faults: list[Fault]) -> list[Series]:
    """Return empty ones."""
    return [Series(engine, side, fault) for fault in faults]


def measure_peer(opened: Open, many: list[Series], runs: int) -> None:
    """Measure a peer; one that does not come back whole is made anew, and the run counts as failed."""
    done = 0
    while done < runs:
        with opened() as cluster:
            while done < runs:
                done += 1
                if not all(one.measure(cluster) for one in many):
                    break


def measure_peers(engines: list[str], faults: list[Fault], runs: int, programs: Programs) -> list[Series]:
    """Measure the peers beside each other: their times are those of timers, and they hardly need a processor."""
    peers: list[tuple[str, str, Open]] = [
        ("postgresql", patroni.DEFAULT.name, lambda: patroni.patroni_cluster(patroni.DEFAULT, programs)),
        ("postgresql", patroni.FASTEST.name, lambda: patroni.patroni_cluster(patroni.FASTEST, programs)),
        ("cache", sentinel.NAME, lambda: sentinel.sentinel_cluster(programs)),
    ]
    chosen = [(opened, series(engine, side, faults)) for engine, side, opened in peers if engine in engines]
    with ThreadPoolExecutor(len(peers)) as pool:
        list(pool.map(lambda one: measure_peer(one[0], one[1], runs), chosen))
    return [one for _, many in chosen for one in many]


def measure_product(engine: str, faults: list[Fault], runs: int, member: Member) -> list[Series]:
    """Measure one engine of ours, with one standby and single."""
    from tests.bench.product import delete, make

    many = series(engine, OURS, faults)
    cluster, _ = make(member, engine, "business-4", f"{engine} with a standby")
    time.sleep(NEW_SECONDS)
    for one in many * runs:
        if not one.measure(cluster):
            cluster, _ = make(member, engine, "business-4", f"{engine}, run {len(one.outcomes)}")
    delete(cluster, member)
    if Fault.KILL in faults:
        alone = Series(engine, SINGLE, Fault.KILL)
        cluster, _ = make(member, engine, "startup-4", f"{engine} alone")
        time.sleep(NEW_SECONDS)
        for _ in range(runs):
            alone.measure(cluster)
        delete(cluster, member)
        many.append(alone)
    return many


def measure_creation(engine: str, times: int, member: Member) -> Row:
    """Create Premium stores until all three nodes are in step."""
    from tests.bench.product import delete, make

    taken = []
    for number in range(times):
        cluster, seconds = make(member, engine, "premium-4", f"{engine} premium {number}")
        taken.append(seconds)
        delete(cluster, member)
    return Row(f"{engine}: create Premium, all in step", taken, goal=CREATION_GOALS[engine])


def rows_of(one: Series) -> list[Row]:
    """Outage, redundancy and lost rows of one series, with the goals where it is ours."""
    if not one.outcomes:
        return []
    ours = (one.side, one.fault) in GOALS
    median, worst = GOALS[one.side, one.fault][ENGINES.index(one.engine)] if ours else (None, None)
    outages = [outcome.outage for outcome in one.outcomes]
    rows = [Row(f"{one.name}, outage", outages, goal=median)]
    if worst is not None:
        rows.append(Row(f"{one.name}, worst", [max(outages)], goal=worst))
    redundancy = [outcome.redundancy for outcome in one.outcomes if outcome.redundancy is not None]
    if redundancy and one.side != SINGLE:
        rows.append(Row(f"{one.name}, whole again", redundancy, goal=REDUNDANCY_GOALS[one.engine] if ours else None))
    lost = [float(outcome.lost) for outcome in one.outcomes]
    rows.append(Row(f"{one.name}, lost", lost, "rows", 0 if ours and one.engine in LOSSLESS else None))
    if one.failures:
        rows.append(Row(f"{one.name}, failed", [float(len(one.failures))], "runs", 0))
    return rows


def comparisons(all_series: list[Series]) -> list[Row]:
    """How many times shorter our outage is than a peer's, by medians."""
    ours = {(one.engine, one.fault): one for one in all_series if one.side == OURS and one.outcomes}
    return [
        Row(f"{one.name} : {OURS}", [one.median / ours[one.engine, one.fault].median], "x", PEER_GOALS[one.side])
        for one in all_series
        if one.side in PEER_GOALS and one.outcomes and (one.engine, one.fault) in ours
    ]


def arguments() -> argparse.Namespace:
    """Read what is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=int(os.environ.get("HEADWATER_BENCH_RUNS", RUNS)))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--faults", nargs="+", choices=[fault.name for fault in Fault], default=list(Fault.__members__))
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--only-peers", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure ours, then the peers, and print one table."""
    leave_root()
    wanted = arguments()
    faults = [Fault[name] for name in wanted.faults]
    every: list[Series] = []
    created: list[Row] = []
    with installed() as home:
        programs = Programs(Path(os.environ["HEADWATER_ENGINES"]))
        del home
        if not wanted.only_peers:
            member = make_admin()
            for engine in wanted.engines:
                created.append(measure_creation(engine, min(CREATIONS, wanted.runs), member))
                every += measure_product(engine, faults, wanted.runs, member)
    if not wanted.without_peers:
        every += measure_peers(wanted.engines, faults, wanted.runs, programs)
    every.sort(key=lambda one: (ENGINES.index(one.engine), one.fault))
    rows = [*created, *(row for one in every for row in rows_of(one)), *comparisons(every)]
    report("Failover: what a client notices", rows)


if __name__ == "__main__":
    main()
