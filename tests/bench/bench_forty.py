"""Forty mixed single-node stores on one machine: all answer, and what watching and supervising them takes."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from host.paths import Home  # noqa: E402
from host.supervisor import Supervisor, runit_programs  # noqa: E402
from host.trees import Programs  # noqa: E402
from host.waiting import wait_until  # noqa: E402
from tests.bench.bench_create import console  # noqa: E402
from tests.bench.report import Row, report  # noqa: E402
from tests.console_client import ConsoleClient  # noqa: E402

STORES = 40
ENGINES = ("postgresql", "mysql", "cache", "postgresql-vector")
PROVED = "Proved restorable"
QUIET_SECONDS = 20.0  # what a proof leaves to tidy up
SAMPLES, SAMPLE_SECONDS = 6, 10.0
CONSOLE = ("monitor", "worker", "beat", "broker", "console-db", "edge")  # all that watches, tells or passes on
SUPERVISION = "runsv and svlogd"
TICKS = os.sysconf("SC_CLK_TCK")


def ticks(pids: list[int]) -> int:
    """Return user and system time of processes and their children that ended, in clock ticks."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):  # it ended: its parent has its time
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total


def watchers(home: Path) -> dict[str, list[int]]:
    """Return the processes that supervise, log and watch: every runsv and svlogd, and each of the console's services."""
    parts = Home(home)
    from tests.fixtures.environment import default_engines

    supervisor = Supervisor(
        parts, runit_programs(Programs(Path(os.environ.get("HEADWATER_ENGINES") or default_engines())))
    )
    pids: dict[str, list[int]] = {SUPERVISION: []}
    for name in CONSOLE:
        program = supervisor.program(name)
        pids[name] = [] if program is None else [program.pid, *children(program.pid)]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if words[0].endswith((b"runsv", b"svlogd")) and any(word.startswith(bytes(home)) for word in words[1:]):
            pids[SUPERVISION].append(int(path.parent.name))
    return pids


def children(pid: int) -> list[int]:
    """Return the processes that one has started and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def sample(home: Path) -> dict[str, float]:
    """Return the share of one core that each took, in per cent."""
    pids = watchers(home)
    before, started = {name: ticks(each) for name, each in pids.items()}, time.perf_counter()
    time.sleep(SAMPLE_SECONDS)
    took = time.perf_counter() - started
    return {name: 100 * (ticks(each) - before[name]) / TICKS / took for name, each in pids.items()}


def all_answer(client: ConsoleClient, pages: list[str]) -> bool:
    """Say whether every store's page says that a client could log in."""
    return all("accepts connections" in client.state(page) for page in pages)


def all_proved(client: ConsoleClient, pages: list[str]) -> bool:
    """Say whether every store's first backup is made and proved: what follows is what a store costs all day long."""
    return all(PROVED in client.state(f"{page}backups/") for page in pages)


def main() -> None:
    """Make the stores, wait until all answer and the machine is quiet, and print the table."""
    with console(pool=0, slots=STORES + 10, HEADWATER_BACKUPS_AT_ONCE="8") as (client, home):
        began = time.perf_counter()
        pages = [client.create_store(f"store {number}", ENGINES[number % len(ENGINES)]) for number in range(STORES)]
        if not wait_until(lambda: all_answer(client, pages), 600):
            raise RuntimeError("not all stores answer")
        made = time.perf_counter() - began
        if not wait_until(lambda: all_proved(client, pages), 1800):
            raise RuntimeError("first backups and their proofs do not come to an end")
        time.sleep(QUIET_SECONDS)
        shares = [sample(home) for _ in range(SAMPLES)]
        if not all_answer(client, pages):
            raise RuntimeError("a store stopped answering")
    report(
        "Forty: mixed stores in development sizing",
        [
            Row("all created and answering", [made]),
            Row("watching and supervising, of one core", [sum(share.values()) for share in shares], unit="%", goal=5),
            *(Row(f"… {name}", [share[name] for share in shares], unit="%") for name in (*CONSOLE, SUPERVISION)),
        ],
    )


if __name__ == "__main__":
    main()
