"""A running Hobbyist node that the tests of a module share."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from datastores.engines.cache import CacheSettings
from datastores.engines.contract import Access
from datastores.limits import PlanFacts
from datastores.sites.contract import Endpoint
from datastores.sites.local import pool
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, Sizing
from host.authority import Authority
from host.supervisor import ServiceSpec
from host.waiting import wait_until
from tests.real.postgresql.conftest import free_port

HOBBYIST = Sizing(PlanFacts("hobbyist", ram_gib=1, node_count=1), storage_gib=8, development=True)


@dataclass
class Server:
    """A running node; ``access`` is what its page shows."""

    engine: LocalCache
    place: Place
    access: Access
    ca: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.access.host, self.access.port)

    def probe(self) -> str:
        return self.engine.probe(self.place, self.endpoint, self.ca)

    def login(self, **changes: Any) -> redis.Redis:
        """Log in as a tenant does: over TLS, with full verification."""
        parameters: dict[str, Any] = {
            "host": self.access.host,
            "port": self.access.port,
            "username": self.access.user,
            "password": self.access.password,
            "ssl": True,
            "ssl_ca_certs": str(self.ca),
            "ssl_check_hostname": True,
            "socket_timeout": 5,
            "decode_responses": True,
            "retry": Retry(NoBackoff(), 0),
            "single_connection_client": True,
        }
        return redis.Redis(**(parameters | changes))

    def restart(self, *, cleanly: bool = True) -> None:
        """End the process and start it again, as its supervisor would."""
        if cleanly:
            self.process.terminate()
        else:
            self.process.kill()
        self.process.wait(10)
        self.process = start(self.engine.service(self.place), self.log)
        assert wait_until(lambda: self.engine.ready(self.place), 10), self.log.read_text()


def start(spec: ServiceSpec, log: Path) -> subprocess.Popen[bytes]:
    """Start the command with the limits that its service asks for, as far as this machine permits."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(spec.open_files or most, most)
    with log.open("ab") as output:
        return subprocess.Popen(
            ["/usr/bin/prlimit", f"--nofile={limit}:{most}", *spec.command],
            cwd=spec.working_directory,
            env={"PATH": os.environ["PATH"], **spec.environment},
            stdout=output,
            stderr=output,
        )


@contextmanager
def running(
    engine: LocalCache,
    choices: CacheSettings | None = None,
    sizing: Sizing = HOBBYIST,
    source: Server | None = None,
) -> Iterator[Server]:
    """Make, start and secure a node, or one that follows ``source``; stop and remove it afterwards."""
    settings.HOME.make()
    authority = Authority(settings.HOME)
    name = f"node-{uuid.uuid4().hex[:12]}"
    place = Place(name, settings.HOME.nodes / name, settings.HOME.run / name, free_port())
    place.directory.mkdir()
    pool.take(engine, place.data)
    ensure_certificate(place, authority)
    engine.configure(place, sizing, choices)
    if source:
        engine.write_part(place, source.place, ())
    log = settings.HOME.log / f"{name}.log"
    process = start(engine.service(place), log)
    password = source.access.password if source else secrets.token_urlsafe(12) + "'%/ é"
    access = Access("localhost", place.port, "hwadmin", password, "0")
    server = Server(engine, place, access, authority.certificate_file, log, process)
    try:
        assert wait_until(lambda: engine.ready(place), 10), log.read_text()
        if not source:
            engine.set_password(place, "hwadmin", password)
        yield server
    finally:
        server.process.send_signal(signal.SIGCONT)
        server.process.terminate()
        server.process.wait(10)
    shutil.rmtree(place.directory)


@pytest.fixture(scope="session")
def engine() -> LocalCache:
    return LocalCache()


@pytest.fixture(scope="module")
def server(engine: LocalCache) -> Iterator[Server]:
    with running(engine) as server:
        yield server


@pytest.fixture
def tenant(server: Server) -> Iterator[redis.Redis]:
    with server.login() as client:
        yield client
