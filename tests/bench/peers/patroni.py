"""Patroni with etcd and HAProxy: a primary and a synchronous standby, as its documentation sets them up."""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from host.authority import Authority
from host.paths import Home
from host.trees import Programs
from tests.bench.outage import Target
from tests.bench.peers import proxy, software
from tests.bench.peers.cluster import Fault, destroy
from tests.bench.peers.family import Family
from tests.fixtures.environment import free_ports

START_SECONDS = 90.0
NAMES = ("a", "b")


@dataclass(frozen=True)
class Settings:
    """Patroni's own, and how often HAProxy asks.

    The defaults are those of Patroni's documentation, with synchronous mode, without which acknowledged rows are lost. The fastest
    are the lowest that Patroni accepts: it raises lower values itself.
    """

    name: str
    dynamic: dict[str, Any]
    pace: str


DEFAULT = Settings("Patroni default", {"ttl": 30, "loop_wait": 10, "retry_timeout": 10}, "inter 3s fall 3 rise 2")
FASTEST = Settings(
    "Patroni fastest",
    {"ttl": 20, "loop_wait": 1, "retry_timeout": 3, "primary_start_timeout": 0},
    "inter 200ms fall 1 rise 1",
)


@dataclass(frozen=True)
class PatroniCluster:
    """See ``cluster.Cluster``."""

    family: Family
    settings: Settings
    programs: Programs
    ca: Path
    first_port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def target(self) -> Target:
        """HAProxy's port, as the superuser."""
        return Target("postgresql", self.first_port, "bench", self.password, "postgres", str(self.ca))

    def identity(self) -> tuple[str, int]:
        """The leader's name and its postmaster."""
        leader = self._leader()
        return leader, int((self.data(leader) / "postmaster.pid").read_text().split("\n", 1)[0])

    def redundant(self) -> bool:
        """One leader runs, and the other node streams as its synchronous standby."""
        members = self._members()
        roles = {member["role"]: member["state"] for member in members}
        return roles == {"leader": "running", "sync_standby": "streaming"}

    def kill_primary(self) -> None:
        """Kill the postmaster; its Patroni lives."""
        os.kill(self.identity()[1], signal.SIGKILL)

    def freeze_primary(self) -> None:
        """Stop PostgreSQL's processes; its Patroni lives."""
        self.family.freeze(self.data(self._leader()))

    def destroy_primary(self) -> None:
        """Delete the data and kill the postmaster; its Patroni lives."""
        leader, postmaster = self.identity()
        destroy(self.data(leader), lambda: os.kill(postmaster, signal.SIGKILL))

    def switch_over(self) -> None:
        """Ask Patroni's own interface."""
        answer = self._ask("POST", "/switchover", {"leader": self._leader()})
        answer.raise_for_status()

    def mend(self, fault: Fault) -> bool:
        """Kill what is frozen: nobody else does."""
        for name in NAMES:
            self.family.kill_frozen(self.data(name))
        return fault is Fault.FREEZE

    def data(self, name: str) -> Path:
        """A node's data directory."""
        return self.family.top / name / "data"

    def start(self) -> None:
        """Start everything and wait for both nodes."""
        etcd, patroni = software.etcd(), software.patroni()
        client, peer = (f"http://127.0.0.1:{self.first_port + offset}" for offset in (1, 2))
        addresses = ["--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer]
        self.family.start("etcd", [etcd, "--data-dir", "data", *addresses, "--initial-advertise-peer-urls", peer,
                                   "--initial-cluster", f"default={peer}"])  # fmt: skip
        for number, name in enumerate(NAMES):
            file = self.family.top / f"{name}.yml"
            file.write_text(json.dumps(self._configuration(name, number)))  # JSON is YAML
            self.family.start(name, [*patroni, file])
            self.family.wait(lambda name=name: name in self._seen(), START_SECONDS, f"Patroni's node {name}")  # type: ignore[misc]
        file = self.family.top / "haproxy.cfg"
        behind = [proxy.Behind(name, self._port(number), self._api(number)) for number, name in enumerate(NAMES)]
        file.write_text(proxy.configuration(self.first_port, proxy.PATRONI_CHECK, self.settings.pace, behind))
        self.family.start("haproxy", proxy.command(self.programs.program("haproxy", "haproxy"), file))
        self.family.wait(self.redundant, START_SECONDS, "Patroni's start")

    def _configuration(self, name: str, number: int) -> dict[str, Any]:
        logins = {"superuser": "bench", "replication": "copy", "rewind": "rewind"}
        bootstrap = {
            "dcs": {**self.settings.dynamic, "synchronous_mode": True, "postgresql": {"use_pg_rewind": True}},
            "initdb": [{"encoding": "UTF8"}, "data-checksums"],
        }
        return {
            "scope": "bench",
            "name": name,
            "etcd3": {"host": f"127.0.0.1:{self.first_port + 1}"},
            "restapi": {
                "listen": f"127.0.0.1:{self._api(number)}",
                "connect_address": f"127.0.0.1:{self._api(number)}",
            },
            "bootstrap": bootstrap,
            "postgresql": {
                "listen": f"127.0.0.1:{self._port(number)}",
                "connect_address": f"127.0.0.1:{self._port(number)}",
                "data_dir": str(self.data(name)),
                "bin_dir": str(self.programs.program("postgresql", "postgres").parent),
                "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True,
                "pgpass": str(self.family.top / f"{name}.pgpass"),
                "authentication": {
                    part: {"username": login, "password": self.password} for part, login in logins.items()
                },
                "parameters": {
                    "unix_socket_directories": str(self.family.top),
                    "shared_buffers": "16MB",
                    "jit": "off",  # the tree has no LLVM, and pg_rewind's query fails without it
                    "ssl": "on",
                    "ssl_cert_file": str(self.family.top / "server.crt"),
                    "ssl_key_file": str(self.family.top / "server.key"),
                },
                "pg_hba": [f"host {what} all 127.0.0.1/32 scram-sha-256" for what in ("all", "replication")],
            },
        }

    def _port(self, number: int) -> int:
        return self.first_port + 3 + number

    def _api(self, number: int) -> int:
        return self.first_port + 5 + number

    def _leader(self) -> str:
        leaders = [member["name"] for member in self._members() if member["role"] == "leader"]
        if not leaders:
            raise OSError("There is no leader now.")
        return str(leaders[0])

    def _seen(self) -> list[str]:
        return [member["name"] for member in self._members() if member["state"] in {"running", "streaming"}]

    def _members(self) -> list[dict[str, Any]]:
        try:
            return list(self._ask("GET", "/cluster").json()["members"])
        except (OSError, ValueError, KeyError):
            return []

    def _ask(self, method: str, path: str, content: object = None) -> httpx.Response:
        """Ask whichever of the two Patronis answers."""
        for number in range(len(NAMES)):
            try:
                return httpx.request(method, f"http://127.0.0.1:{self._api(number)}{path}", json=content, timeout=60)
            except httpx.TransportError as error:
                failure = error
        raise OSError(str(failure))


@contextmanager
def patroni_cluster(settings: Settings, programs: Programs) -> Iterator[PatroniCluster]:
    """A running cluster until the end of the block."""
    with Family() as family:
        home = Home(family.top / "authority")
        home.make()
        authority = Authority(home)
        pair = authority.issue("localhost", ["localhost"])
        (family.top / "server.crt").write_text(pair.certificate)
        (family.top / "server.key").touch(mode=0o600)
        (family.top / "server.key").write_text(pair.key)
        cluster = PatroniCluster(family, settings, programs, authority.certificate_file, free_ports())
        cluster.start()
        yield cluster
