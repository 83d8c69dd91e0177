"""What a plan allows: pure functions from plan to limits, with the specification's formulas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PG_CONNECTIONS_PER_GIB = 25  # the specification's table: 1 GiB 25, 4 GiB 100, 8 GiB 200, 16 GiB 400
HISTORY = {  # days of backup history: (PostgreSQL and MySQL, cache); FEATURES section 2
    "hobbyist": (0, 0),
    "startup": (2, 1),
    "business": (14, 3),
    "premium": (30, 13),
}
AVAILABILITY = {
    1: "Single node with limited availability",
    2: "Two nodes (primary and standby) with higher availability",
    3: "Three nodes (primary and two standbys) with highest availability",
}


@dataclass(frozen=True)
class Promise:
    """How long a client that writes in a loop and reconnects after 10 ms may wait when the primary changes, in
    milliseconds: the median of the runs, and the worst of them where that is promised too."""

    median_ms: float
    worst_ms: float | None = None


# What Business and Premium promise per kind of change (see models.failover), and single nodes for a restart in place.
# A failover is held to the promise for a process that died.
POSTGRESQL_OUTAGES = {
    "failover": Promise(250, 600),
    "failover_hang": Promise(1500),
    "failover_data": Promise(400),
    "drill_kill": Promise(250, 600),
    "drill_freeze": Promise(1500),
    "drill_destroy": Promise(400),
    "switchover": Promise(400),
    "restart": Promise(500),
}
MYSQL_OUTAGES = {
    "failover": Promise(1000, 2000),
    "failover_hang": Promise(2500),
    "failover_data": Promise(1200),
    "drill_kill": Promise(1000, 2000),
    "drill_freeze": Promise(2500),
    "drill_destroy": Promise(1200),
    "switchover": Promise(1000),
    "restart": Promise(2000),
}
CACHE_OUTAGES = {
    "failover": Promise(200, 500),
    "failover_hang": Promise(1500),
    "failover_data": Promise(300),
    "drill_kill": Promise(200, 500),
    "drill_freeze": Promise(1500),
    "drill_destroy": Promise(300),
    "switchover": Promise(200),
    "restart": Promise(400),
}


@dataclass(frozen=True)
class PlanFacts:
    """The part of a plan from which its limits follow."""

    family: str
    ram_gib: int
    node_count: int


def postgresql_connections(plan: PlanFacts) -> int:
    """Connections that tenants can open at once; system and replication slots come on top."""
    return PG_CONNECTIONS_PER_GIB * plan.ram_gib


def mysql_connections(plan: PlanFacts) -> int:
    """75 per GiB under 4 GiB of RAM, 100 per GiB from 4 GiB on, plus one for system processes."""
    return (75 if plan.ram_gib < 4 else 100) * plan.ram_gib + 1


def cache_clients(plan: PlanFacts) -> int:
    """4 per MiB of RAM, at least 10,000."""
    return max(10_000, 4 * plan.ram_gib * 1024)


def backup_history(plan: PlanFacts, *, cache: bool) -> timedelta:
    """How far back a person may restore; zero keeps one backup for disaster recovery only."""
    return timedelta(days=HISTORY[plan.family][1 if cache else 0])


def availability(plan: PlanFacts) -> str:
    """The plan's availability in words."""
    return AVAILABILITY[plan.node_count]
