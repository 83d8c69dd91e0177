"""What watching costs: a thousand simulated nodes, and forty real ones, while nothing happens to them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from host.waiting import wait_until
from tests.bench.report import Row, report
from tests.fixtures.environment import leave_root

if TYPE_CHECKING:
    from datastores.models import Node

SINGLE, WITH_STANDBY = 600, 200  # stores: a thousand nodes
ENGINES = ("postgresql", "mysql", "cache", "postgresql-vector")
# Forty real nodes: so many stores of each plan, engine after engine.
REAL = (("premium-4", 4), ("business-4", 6), ("startup-4", 16))
SAMPLES, SAMPLE_SECONDS = 6, 10.0
WATCHING_SECONDS, QUIET_SECONDS = 60.0, 15.0
SOON_OVER_SECONDS = 60.0  # the monitor looks more often after a store that was just made, which is not rest
GOAL_PERCENT, GOAL_MIB, GOAL_REAL_PERCENT = 10.0, 150.0, 2.0
TICKS = os.sysconf("SC_CLK_TCK")


def sample(pid: int) -> tuple[list[float], float]:
    """Return the share of one core that a process takes, in percent, again and again, and then its memory in MiB."""
    from console.services.memory import proportional_set_size

    shares = []
    for _ in range(SAMPLES):
        before, began = ticks(pid), time.monotonic()
        time.sleep(SAMPLE_SECONDS)
        shares.append(100 * (ticks(pid) - before) / TICKS / (time.monotonic() - began))
    return shares, proportional_set_size([pid]) / 2**20


def ticks(pid: int) -> int:
    """Return the processor time of a process and of the children that it reaped, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def simulated() -> list[Row]:
    """A thousand nodes as rows, directories and sockets; their servers are one process."""
    with database():
        sockets = list(make_nodes())
        make_vital_files()
        with process("tests.bench.simulated", "\n".join(sockets)) as (servers, said):
            wait_for("ready", said)
            with process("tests.bench.watching", "", str(servers)) as (watcher, told):
                wait_for("watching", told)
                time.sleep(QUIET_SECONDS)
                shares, memory = sample(watcher)
                wrong = [line for line in told().splitlines() if line != "watching"]
                for line, times in Counter(wrong).items():
                    print(f"{times} x {line}", file=sys.stderr)
    name = f"{len(sockets)} simulated nodes"
    return [
        Row(f"{name}: the monitor, of one core", shares, "%", GOAL_PERCENT),
        Row(f"{name}: its memory (PSS)", [memory], "MiB", GOAL_MIB),
        Row(f"{name}: failures that were none", [float(len(wrong))], "", 0),
    ]


@contextmanager
def database() -> Iterator[None]:
    """A console's database with its tables, and this process set up for it."""
    from tests.fixtures.environment import prepare

    prepare()
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from host.trees import Programs
    from tests.fixtures.database import throw_away_database

    settings.HOME.make()
    with throw_away_database(settings.HOME, Programs(settings.HOME.engines), settings.HOME.console / "db.log"):
        call_command("migrate", verbosity=0)
        yield


def make_nodes() -> Iterator[str]:
    """Write the rows and directories; yields each node's kind and socket."""
    from console.models import Organization
    from datastores.models import DataStore, Node, Region, ServicePlan

    organization = Organization.objects.create(name="Bench", handle="bench")
    region = Region.objects.get(cloud__slug="aws", code="eu-central-1")
    plans = {slug: ServicePlan.objects.get(slug=slug) for slug in ("startup-4", "business-4")}
    port = 40_000
    for number in range(SINGLE + WITH_STANDBY):
        store = DataStore.objects.create(
            organization=organization,
            name=f"store {number}",
            engine=ENGINES[number % len(ENGINES)],
            region=region,
            plan=plans["startup-4" if number < SINGLE else "business-4"],
            state=DataStore.State.RUNNING,
            admin_user="nobody",
            admin_password="none",
        )
        Node.make_all(store)
        for node in store.nodes.all():
            node.port, node.state, port = port, Node.State.UP, port + 1
            node.save()
            yield f"{store.engine} {socket_of(node)}"


def socket_of(node: Node) -> Path:
    """Make a node's directories; return the path of the socket that its engine's probe asks."""
    from datastores.sites.local.cache.names import socket_file as cache_socket
    from datastores.sites.local.machine import machine
    from datastores.sites.local.mysql.configuration import socket_file as mysql_socket
    from datastores.sites.local.places import place_of

    place = place_of(node, machine().home)
    for directory in (place.data, place.configuration, place.sockets):
        directory.mkdir(parents=True)
    others = {"mysql": mysql_socket, "cache": cache_socket}
    engine = node.store.engine
    return others[engine](place) if engine in others else place.sockets / f".s.PGSQL.{place.port}"


def make_vital_files() -> None:
    """Make what the monitor looks for in every data directory."""
    from datastores.sites.local.monitor.facts import watched_nodes

    for facts in watched_nodes():
        vital = Path(facts.vital)
        vital.parent.mkdir(parents=True, exist_ok=True)
        vital.touch()


@contextmanager
def process(module: str, given: str, *arguments: str) -> Iterator[tuple[int, Callable[[], str]]]:
    """Run a module until the end of the block; yields its pid and what it has said so far."""
    from django.conf import settings

    output = settings.HOME.root / f"{module}.txt"
    with output.open("w") as file:
        started = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=file, text=True
        )
    try:
        assert started.stdin is not None
        started.stdin.write(given)
        started.stdin.close()
        yield started.pid, output.read_text
    finally:
        started.kill()
        started.wait()


def wait_for(word: str, said: Callable[[], str]) -> None:
    """Wait until a process says the word; raises RuntimeError with what it said where it takes too long."""
    if not wait_until(lambda: word in said(), WATCHING_SECONDS):
        raise RuntimeError(f"Nobody said {word} within {WATCHING_SECONDS:g} s, but: {said()[-1000:]}")


def real() -> list[Row]:
    """Forty nodes of every engine and plan, watched by the installation's own monitor."""
    from tests.bench.installed import installed, make_admin

    with installed(slots=60):
        from datastores.sites.local.machine import machine
        from tests.bench.product import make

        member, nodes = make_admin(), 0
        plans = [plan for plan, count in REAL for _ in range(count)]
        for number, plan in enumerate(plans):
            cluster, _ = make(member, ENGINES[number % len(ENGINES)], plan, f"store {number}")
            nodes += cluster.store.plan.node_count
        time.sleep(SOON_OVER_SECONDS)
        program = machine().supervisor.program("monitor")
        if program is None:
            raise RuntimeError("the monitor does not run")
        shares, memory = sample(program.pid)
    return [
        Row(f"{nodes} real nodes: the monitor, of one core", shares, "%", GOAL_REAL_PERCENT),
        Row(f"{nodes} real nodes: its memory (PSS)", [memory], "MiB"),
    ]


PARTS = {"simulated": simulated, "real": real}


def main() -> None:
    """Measure both parts, each in a process of its own, because each needs its own settings; print one table."""
    leave_root()
    if sys.argv[1:]:
        report(f"Monitor {sys.argv[1]}: what watching costs", PARTS[sys.argv[1]]())
        return
    for part in PARTS:
        subprocess.run([sys.executable, "-m", "tests.bench.bench_monitor", part], check=True)


if __name__ == "__main__":
    main()
