"""A running Hobbyist node that the tests of a module share."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from datastores.engines.contract import Access
from datastores.limits import PlanFacts
from datastores.sites.contract import Endpoint
from datastores.sites.local import pool
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.postgresql import LocalPostgreSQL
from host.authority import Authority
from host.waiting import wait_until

HOBBYIST = Sizing(PlanFacts("hobbyist", ram_gib=1, node_count=1), storage_gib=8, development=True)


@dataclass(frozen=True)
class Server:
    """A running node; ``access`` is what its page shows."""

    engine: LocalPostgreSQL
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

    def login(self, **changes: str) -> psycopg.Connection:
        """Log in as a tenant does: over TLS, with full verification."""
        parameters = {
            "host": self.access.host,
            "port": str(self.access.port),
            "user": self.access.user,
            "password": self.access.password,
            "dbname": self.access.database,
            "sslmode": "verify-full",
            "sslrootcert": str(self.ca),
            "connect_timeout": "5",
        }
        return psycopg.connect(make_conninfo(**(parameters | changes)), autocommit=True)


@contextmanager
def running(engine: LocalPostgreSQL, sizing: Sizing = HOBBYIST) -> Iterator[Server]:
    """Make, start and secure a node; stop and remove it afterwards."""
    settings.HOME.make()
    authority = Authority(settings.HOME)
    name = f"node-{uuid.uuid4().hex[:12]}"
    place = Place(name, settings.HOME.nodes / name, settings.HOME.run / name, free_port())
    place.directory.mkdir()
    pool.take(engine, place.data)
    ensure_certificate(place, authority)
    engine.configure(place, sizing)
    spec = engine.service(place)
    log = settings.HOME.log / f"{name}.log"
    environment = {"PATH": os.environ["PATH"], **spec.environment}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            spec.command,
            cwd=spec.working_directory,
            env=environment,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            assert wait_until(lambda: engine.ready(place), 10), log.read_text()
            password = secrets.token_urlsafe(12) + "'%/ é"
            engine.set_password(place, "hwadmin", password)
            access = Access("localhost", place.port, "hwadmin", password, "defaultdb")
            yield Server(engine, place, access, authority.certificate_file, log, process)
        finally:
            process.send_signal(spec.stop_signal or signal.SIGINT)
    shutil.rmtree(place.directory)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def engine() -> LocalPostgreSQL:
    return LocalPostgreSQL()


@pytest.fixture(scope="module")
def server(engine: LocalPostgreSQL) -> Iterator[Server]:
    with running(engine) as server:
        yield server
