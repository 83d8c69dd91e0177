"""What a console that nobody uses takes: memory (PSS) and processor time of each of its services.

Measured on a whole installation with the default 500 addresses and an empty warm pool, after it has settled.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

from tests.fixtures.environment import leave_root, prepare

SLOTS = 500
SETTLE_SECONDS = 20.0
RUNS = 10
RUN_SECONDS = 3.0
GOAL_MIB, GOAL_PERCENT = 400, 2.0
CONSOLE = ("console-db", "broker", "web", "worker", "beat", "edge")
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pids: set[int]) -> float:
    """Return the user and system time that the processes have taken so far, with that of children they reaped."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def measure(home: Path, engines: Path) -> None:
    """Sample the running services and report."""
    from console.services.memory import proportional_set_size, with_descendants
    from host.paths import Home
    from host.supervisor import Supervisor, runit_programs
    from host.trees import Programs
    from tests.bench.report import Row, report

    supervisor = Supervisor(Home(home), runit_programs(Programs(engines)))
    roots = {name: supervisor.status(name).pid or 0 for name in CONSOLE}
    memory: dict[str, list[float]] = {name: [] for name in (*CONSOLE, "total")}
    share: dict[str, list[float]] = {name: [] for name in (*CONSOLE, "total")}
    time.sleep(SETTLE_SECONDS)
    for _ in range(RUNS):
        families = with_descendants(roots.values())
        before = {name: processor_seconds(families[pid]) for name, pid in roots.items()}
        time.sleep(RUN_SECONDS)
        for name, pid in roots.items():
            share[name].append(100 * (processor_seconds(families[pid]) - before[name]) / RUN_SECONDS)
            memory[name].append(proportional_set_size(families[pid]) / 2**20)
        memory["total"].append(sum(memory[name][-1] for name in CONSOLE))
        share["total"].append(sum(share[name][-1] for name in CONSOLE))
    goals = {"total": (float(GOAL_MIB), GOAL_PERCENT)}
    rows = [
        row
        for name in (*CONSOLE, "total")
        for row in (
            Row(f"{name}, memory (PSS)", memory[name], "MiB", goals.get(name, (None, None))[0]),
            Row(f"{name}, of one core", share[name], "%", goals.get(name, (None, None))[1]),
        )
    ]
    report("idle: what a console takes that nobody uses", rows)


def main() -> None:
    """Start an installation, measure it, stop it."""
    leave_root()
    prepare()
    django.setup()
    from tests.installation import make_environment, manage

    home = Path(tempfile.mkdtemp(prefix="hwb-", dir="/tmp"))
    environment = make_environment(home, HEADWATER_WARM_POOL="0")
    first = int(environment["HEADWATER_PORT"])
    environment |= {
        "HEADWATER_EDGE_FIRST_PORT": str(first + 100),
        "HEADWATER_EDGE_SLOTS": str(SLOTS),
        "HEADWATER_NODE_FIRST_PORT": str(first + 100 + SLOTS),
    }
    try:
        started = manage(environment, "up", "--detach", seconds=240)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        measure(home, Path(environment["HEADWATER_ENGINES"]))
    finally:
        manage(environment, "down", "--all")
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
