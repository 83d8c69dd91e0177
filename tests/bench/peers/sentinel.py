"""Sentinel with HAProxy: a primary, a replica and three sentinels, on the product's own Valkey."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from host.authority import Authority
from host.paths import Home
from host.trees import Programs
from tests.bench.outage import Target
from tests.bench.peers import proxy
from tests.bench.peers.cluster import Fault
from tests.bench.peers.family import Family
from tests.fixtures.environment import free_ports

START_SECONDS = 60.0
NAME = "Sentinel"
SENTINELS = 3
DOWN_AFTER_MILLISECONDS = 1000
# HAProxy asks as often as it does for Patroni at its fastest: its part of the outage is as small as it can be.
PACE = "inter 200ms fall 1 rise 1"
SERVER = """\
port {port}
tls-port {tls_port}
tls-cert-file {top}/server.crt
tls-key-file {top}/server.key
tls-auth-clients no
bind 127.0.0.1
dir {directory}
appendonly yes
repl-diskless-sync-delay 0
user bench on >{password} ~* &* +@all
"""
# A sentinel that has just failed over waits twice the failover timeout before the next: the runs come soon after each other.
SENTINEL = """\
port {port}
bind 127.0.0.1
dir {directory}
sentinel monitor bench 127.0.0.1 {primary} 2
sentinel down-after-milliseconds bench {down_after}
sentinel failover-timeout bench 5000
sentinel parallel-syncs bench 1
"""


@dataclass(frozen=True)
class SentinelCluster:
    """See ``cluster.Cluster``."""

    family: Family
    programs: Programs
    ca: Path
    first_port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def target(self) -> Target:
        """HAProxy's port."""
        return Target("cache", self.first_port, "bench", self.password, "", str(self.ca))

    def identity(self) -> tuple[int, str]:
        """The primary's number and the run of its process."""
        for number in (0, 1):
            facts = self._facts(number)
            if facts.get("role") == "master" and self._named() == self._port(number):
                return number, str(facts["run_id"])
        raise OSError("There is no primary that the sentinels agree on now.")

    def redundant(self) -> bool:
        """The primary has its replica in step, and the sentinels know each other and the replica."""
        try:
            facts = self._facts(self.identity()[0])
            watched: Any = self._sentinel(0).sentinel_master("bench")
        except (OSError, redis.RedisError):
            return False
        replica = facts.get("slave0")
        in_step = isinstance(replica, dict) and replica.get("state") == "online"
        known = watched["num-other-sentinels"] == SENTINELS - 1 and watched["num-slaves"] >= 1
        return in_step and known and watched["flags"] == "master"

    def kill_primary(self) -> None:
        """Kill the primary's process; nobody starts it again."""
        os.kill(self._pid(self.identity()[0]), signal.SIGKILL)

    def freeze_primary(self) -> None:
        """Stop the primary's process."""
        os.kill(self._pid(self.identity()[0]), signal.SIGSTOP)

    def destroy_primary(self) -> None:
        """Delete the files as well."""
        number, _ = self.identity()
        pid = self._pid(number)
        for file in self._directory(number).glob("appendonlydir/*"):
            file.unlink()
        os.kill(pid, signal.SIGKILL)

    def switch_over(self) -> None:
        """Ask a sentinel."""
        self._sentinel(0).sentinel_failover("bench")

    def mend(self, fault: Fault) -> bool:
        """Start what is gone, and end and start what is frozen, as a service manager would."""
        for number in (0, 1):
            self.family.kill_frozen(self._directory(number))
            if not self._facts(number):
                self._start_server(number)
        return fault is not Fault.SWITCH

    def start(self) -> None:
        """Start everything and wait until the sentinels know all of it."""
        server = self.programs.program("valkey", "valkey-server")
        for number in (0, 1):
            self._start_server(number)
            self.family.wait(lambda number=number: bool(self._facts(number)), START_SECONDS, "Valkey's start")  # type: ignore[misc]
        self._client(self._port(1)).replicaof("127.0.0.1", self._port(0))
        for number in range(SENTINELS):
            name = f"sentinel-{number}"
            directory = self.family.top / name
            directory.mkdir()
            (directory / "sentinel.conf").write_text(
                SENTINEL.format(port=self.first_port + 5 + number, directory=directory, primary=self._port(0),
                                down_after=DOWN_AFTER_MILLISECONDS)
            )  # fmt: skip
            self.family.start(name, [server, directory / "sentinel.conf", "--sentinel"])
        file = self.family.top / "haproxy.cfg"
        behind = [proxy.Behind(f"s{number}", self._port(number) + 2, self._port(number)) for number in (0, 1)]
        file.write_text(proxy.configuration(self.first_port, proxy.VALKEY_CHECK, PACE, behind))
        self.family.start("haproxy", proxy.command(self.programs.program("haproxy", "haproxy"), file))
        self.family.wait(self.redundant, START_SECONDS, "Sentinel's start")

    def _start_server(self, number: int) -> None:
        directory, port = self._directory(number), self._port(number)
        directory.mkdir(exist_ok=True)
        file = directory / "valkey.conf"
        if not file.exists():  # a sentinel has the server keep its role in this file
            file.write_text(
                SERVER.format(port=port, tls_port=port + 2, top=self.family.top, directory=directory,
                              password=self.password)
            )  # fmt: skip
        self.family.start(directory.name, [self.programs.program("valkey", "valkey-server"), file])

    def _directory(self, number: int) -> Path:
        return self.family.top / f"server-{number}"

    def _port(self, number: int) -> int:
        return self.first_port + 1 + number

    def _pid(self, number: int) -> int:
        return int(self._facts(number)["process_id"])

    def _facts(self, number: int) -> dict[str, Any]:
        """INFO of a server; nothing where it does not answer."""
        try:
            facts: Any = self._client(self._port(number)).info()
        except redis.RedisError:
            return {}
        return dict(facts)

    def _named(self) -> int:
        """The port of the primary that the first sentinel names."""
        address: Any = self._sentinel(0).sentinel_get_master_addr_by_name("bench")
        return int(address[1]) if address else 0

    def _sentinel(self, number: int) -> redis.Redis:
        return self._client(self.first_port + 5 + number)

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(
            host="127.0.0.1", port=port, socket_timeout=1, decode_responses=True, single_connection_client=False
        )


@contextmanager
def sentinel_cluster(programs: Programs) -> Iterator[SentinelCluster]:
    """A running cluster until the end of the block."""
    with Family() as family:
        home = Home(family.top / "authority")
        home.make()
        authority = Authority(home)
        pair = authority.issue("localhost", ["localhost"])
        (family.top / "server.crt").write_text(pair.certificate)
        (family.top / "server.key").touch(mode=0o600)
        (family.top / "server.key").write_text(pair.key)
        cluster = SentinelCluster(family, programs, authority.certificate_file, free_ports())
        cluster.start()
        yield cluster
