"""A running Hobbyist node that the tests of a module share."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymysql
import pytest
from django.conf import settings

from datastores.engines.contract import Access
from datastores.limits import PlanFacts
from datastores.sites.contract import Endpoint
from datastores.sites.local import pool
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.mysql import LocalMySQL
from datastores.sites.local.mysql.names import ADMIN_ADDRESS
from host.authority import Authority
from host.waiting import wait_until

if TYPE_CHECKING:
    from .group import Group

HOBBYIST = Sizing(PlanFacts("hobbyist", ram_gib=1, node_count=1), storage_gib=8, development=True)
START_SECONDS = 20
STOP_SECONDS = 20


@dataclass
class Server:
    """A running node; ``access`` is what its page shows."""

    engine: LocalMySQL
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

    def login(self, **changes: Any) -> pymysql.Connection[Any]:
        """Log in as a tenant does: over TLS, with full verification."""
        parameters: dict[str, Any] = {
            "host": self.access.host,
            "port": self.access.port,
            "user": self.access.user,
            "password": self.access.password,
            "database": self.access.database,
            "ssl": {"ca": str(self.ca)},
            "connect_timeout": 5,
            "read_timeout": 20,
            "autocommit": True,
        }
        return pymysql.connect(**(parameters | changes))

    def run(self, statement: str, **changes: Any) -> list[tuple[Any, ...]]:
        """Run one statement in a session of its own."""
        with self.login(**changes) as connection:
            return execute(connection, statement)

    def stop(self) -> None:
        self.process.send_signal(self.engine.service(self.place).stop_signal)
        assert self.process.wait(STOP_SECONDS) == 0

    def start(self) -> None:
        self.process = start(self.engine, self.place, self.log)
        assert wait_until(lambda: self.engine.ready(self.place), START_SECONDS), self.log.read_text()


def execute(connection: pymysql.Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@contextmanager
def running(engine: LocalMySQL, sizing: Sizing = HOBBYIST) -> Iterator[Server]:
    """Make, start and secure a node; stop and remove it afterwards."""
    settings.HOME.make()
    authority = Authority(settings.HOME)
    place = new_place()
    pool.take(engine, place.data)
    ensure_certificate(place, authority)
    engine.configure(place, sizing)
    log = settings.HOME.log / f"{place.name}.log"
    access = Access("localhost", place.port, "hwadmin", secrets.token_urlsafe(12) + "'%/ \"\\", "defaultdb")
    server = Server(engine, place, access, authority.certificate_file, log, start(engine, place, log))
    try:
        assert wait_until(lambda: engine.ready(place), START_SECONDS), log.read_text()
        engine.set_password(place, access.user, access.password)
        yield server
    finally:
        server.process.terminate()
        server.process.wait(STOP_SECONDS)
    shutil.rmtree(place.directory)


def new_place() -> Place:
    name = f"node-{uuid.uuid4().hex[:12]}"
    place = Place(name, settings.HOME.nodes / name, settings.HOME.run / name, free_port())
    place.directory.mkdir()
    return place


def start(engine: LocalMySQL, place: Place, log: Path) -> subprocess.Popen[bytes]:
    spec = engine.service(place)
    environment = {"PATH": os.environ["PATH"], **spec.environment}
    with log.open("ab") as output:
        return subprocess.Popen(
            spec.command,
            cwd=spec.working_directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def free_port() -> int:
    """Return a port that is free at both of a node's addresses."""
    with socket.socket() as client, socket.socket() as platform:
        client.bind(("127.0.0.1", 0))
        port: int = client.getsockname()[1]
        platform.bind((ADMIN_ADDRESS, port))
        return port


@pytest.fixture(scope="session")
def engine() -> LocalMySQL:
    return LocalMySQL()


@pytest.fixture(scope="session")
def group(engine: LocalMySQL) -> Iterator[Group]:
    """A primary with two standbys that tests leave whole, whichever of them is the primary by then."""
    from .group import Group

    group = Group(engine)
    try:
        group.store(2)
        yield group
    finally:
        group.remove()


@pytest.fixture(scope="module")
def server(engine: LocalMySQL) -> Iterator[Server]:
    with running(engine) as server:
        yield server
