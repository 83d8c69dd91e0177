"""What the edge costs: SELECT 1 and connecting over verified TLS, direct and through it, in the same run.

A bare relay runs beside them. It only receives and sends, which is the floor of any proxy that is a process:
one more wake-up there and one back. Also: how long a change takes, and what idle slots cost.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from datastores.sites.local.edge import Address, Edge, EdgeSettings, Slot
from host.authority import Authority
from host.paths import Home
from host.trees import Programs
from tests.bench.report import Row, report
from tests.fixtures.environment import default_engines, leave_root

FIRST_PORT = int(os.environ.get("HEADWATER_BENCH_EDGE_PORT", "31100"))
SLOTS = 280
ROUNDS, QUERIES = 100, 100
CONNECTS = 40
CHANGES = 30
IDLE_SECONDS = 5.0
GOAL = 1.15
SERVER_SETTINGS = {
    "port": str(FIRST_PORT + SLOTS),
    "listen_addresses": "127.0.0.1",
    "ssl": "on",
    "ssl_cert_file": "server.crt",
    "ssl_key_file": "server.key",
    "shared_buffers": "16MB",
}
EVERYBODY = ("0.0.0.0/0", "::/0")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Ways:
    """The ports that lead to the same server, and the edge among them."""

    edge: Edge
    edge_pid: int
    slot: Slot
    ports: dict[str, int]
    home: Home

    def connect(self, way: str) -> Connection:
        """Connect as a careful client does: TLS, certificate and name verified."""
        return psycopg.connect(
            host="localhost",
            hostaddr="127.0.0.1",
            port=self.ports[way],
            user="bench",
            dbname="postgres",
            sslmode="verify-full",
            sslrootcert=str(Authority(self.home).certificate_file),
            autocommit=True,
        )


@contextlib.contextmanager
def process(command: list[str], ready: Callable[[], object]) -> Iterator[int]:
    """Run a program until the end of the block; wait until it is ready."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            for _ in range(1000):
                if ready():
                    break
                time.sleep(0.01)
            yield started.pid
        finally:
            started.terminate()


@contextlib.contextmanager
def ways() -> Iterator[Ways]:
    """A PostgreSQL with TLS, the edge with one open slot, and a bare relay."""
    programs = Programs(Path(os.environ.get("HEADWATER_ENGINES") or default_engines()))
    haproxy = programs.program("haproxy", "haproxy")
    home = Home(Path(tempfile.mkdtemp(prefix="hwe-", dir="/tmp")))  # sockets need a short path
    home.make()
    server, relay = FIRST_PORT + SLOTS, FIRST_PORT + SLOTS + 1
    slot = Slot(1, FIRST_PORT, (Address("127.0.0.1", server),), EVERYBODY)
    edge = Edge(EdgeSettings(home, haproxy, first_port=FIRST_PORT, slots=SLOTS))
    edge.write([slot])
    relaying = [sys.executable, "-m", "tests.bench.relay", str(relay), str(server)]
    try:
        with (
            process(postgres(home, programs), lambda: listens(server)),
            process(edge.command(), edge.answering) as pid,
            process(relaying, lambda: listens(relay)),
        ):
            edge.sync([slot])
            yield Ways(edge, pid, slot, {"direct": server, "edge": slot.port, "relay": relay}, home)
    finally:
        shutil.rmtree(home.root)


def postgres(home: Home, programs: Programs) -> list[str]:
    """Initialise a data directory with a certificate and return the server's command."""
    data = home.nodes / "bench"
    program = str(programs.program("postgresql", "initdb"))
    initdb = [program, "-D", str(data), "-U", "bench", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL)
    pair = Authority(home).issue("localhost", ["localhost"])
    (data / "server.crt").write_text(pair.certificate)
    (data / "server.key").touch(mode=0o600)
    (data / "server.key").write_text(pair.key)
    options = [f"-c{name}={value}" for name, value in SERVER_SETTINGS.items()]
    program = str(programs.program("postgresql", "postgres"))
    return [program, "-D", str(data), *options, f"-cunix_socket_directories={home.run}"]


def listens(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    import socket

    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def microseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - started) / 1000


def queries(by: Ways) -> dict[str, list[list[float]]]:
    """Microseconds of SELECT 1 per way and round; the ways take turns, so that noise meets all of them."""
    samples: dict[str, list[list[float]]] = {way: [] for way in by.ports}
    with contextlib.ExitStack() as stack:
        connections = {way: stack.enter_context(by.connect(way)) for way in by.ports}
        for _ in range(ROUNDS):
            for way, connection in connections.items():
                ask = partial(one_query, connection.cursor())
                ask()
                samples[way].append([microseconds(ask) for _ in range(QUERIES)])
    return samples


def one_query(cursor: psycopg.Cursor[Any]) -> None:
    """Ask and read the answer."""
    cursor.execute("SELECT 1").fetchone()


def connects(by: Ways) -> dict[str, list[float]]:
    """Milliseconds from nothing to a verified, logged-in connection, per way."""
    taken: dict[str, list[float]] = {"direct": [], "edge": []}
    for _ in range(CONNECTS):
        for way, samples in taken.items():
            samples.append(microseconds(partial(connect_once, by, way)) / 1000)
    return taken


def connect_once(by: Ways, way: str) -> None:
    """Connect and leave."""
    by.connect(way).close()


def changes(by: Ways) -> dict[str, list[float]]:
    """Milliseconds of a change of another slot, confirmed by the proxy and in its file."""
    other = Slot(2, FIRST_PORT + 1, by.slot.servers, EVERYBODY)
    steps = {
        "open a slot": lambda: by.edge.apply(other),
        "change its allow list": lambda: by.edge.apply(replace(other, allowed=("127.0.0.2", "10.0.0.0/8"))),
        "fence it": lambda: by.edge.fence(other),
    }
    taken: dict[str, list[float]] = {step: [] for step in steps}
    for _ in range(CHANGES):
        for step, work in steps.items():
            taken[step].append(microseconds(work) / 1000)
    return taken


def idle(pid: int) -> tuple[float, float]:
    """Share of one core in percent while nothing happens, and proportional memory in MiB."""
    before = ticks(pid)
    time.sleep(IDLE_SECONDS)
    share = (ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / IDLE_SECONDS * 100
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return share, int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def ticks(pid: int) -> int:
    """Processor time of a process, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def percentile_99(samples: list[float]) -> float:
    """The value that 99 % of the samples do not exceed."""
    return statistics.quantiles(samples, n=100)[98]


def compared(name: str, way: str, taken: list[float], unit: str) -> Row:
    """A row that is compared with the direct way's."""
    return Row(name.format(way), taken, unit, baseline=name.format("direct"))


def rows(by: Ways) -> list[Row]:
    """Measure everything."""
    asked, connected, changed = queries(by), connects(by), changes(by)
    share, memory = idle(by.edge_pid)
    medians = {way: list(map(statistics.median, groups)) for way, groups in asked.items()}
    tails = {way: list(map(percentile_99, groups)) for way, groups in asked.items()}
    pairs = zip(medians["edge"], medians["direct"], medians["relay"], strict=True)
    ratios = [(edge / direct, edge / relay) for edge, direct, relay in pairs]
    return [
        *(compared("SELECT 1 {}, p50", way, taken, "µs") for way, taken in medians.items()),
        *(compared("SELECT 1 {}, p99", way, taken, "µs") for way, taken in tails.items()),
        Row("SELECT 1 edge : direct", [ratio for ratio, _ in ratios], "x", GOAL),
        Row("SELECT 1 edge : bare relay", [ratio for _, ratio in ratios], "x"),
        *(compared("connect {}", way, taken, "ms") for way, taken in connected.items()),
        *(Row(step, taken, "ms") for step, taken in changed.items()),
        Row(f"idle processor, {SLOTS} slots", [share], "%"),
        Row(f"memory (PSS), {SLOTS} slots", [memory], "MiB"),
    ]


def main() -> None:
    """Measure and report."""
    leave_root()
    with ways() as by:
        report("edge: what the stable address costs", rows(by))


if __name__ == "__main__":
    main()
