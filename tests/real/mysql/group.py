"""Supervised MySQL nodes that follow each other, and clients that count what was acknowledged to them."""

from __future__ import annotations

import secrets
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pymysql
from django.conf import settings

from datastores.sites.local import pool
from datastores.sites.local.certificates import ensure_certificate
from datastores.sites.local.engine import Place
from datastores.sites.local.machine import machine
from datastores.sites.local.mysql import LocalMySQL
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.replication import NotAnswering, Standing
from host.authority import Authority
from host.processes import Process
from host.waiting import wait_until

from .conftest import HOBBYIST, execute, new_place

READY_SECONDS = 20.0
FOLLOW_SECONDS = 20.0


class Group:
    """The nodes of one store. ``tell`` and its like do at once what the monitor does step by step."""

    def __init__(self, engine: LocalMySQL) -> None:
        settings.HOME.make()
        self.engine, self.supervisor, self.places = engine, machine().supervisor, list[Place]()
        self.password = secrets.token_urlsafe(12)

    def store(self, standbys: int) -> tuple[Place, ...]:
        """Make a primary that waits for any one of its standbys."""
        primary = self.primary()
        others = [self.standby(primary) for _ in range(standbys)]
        self.engine.set_synchronous(primary, [place.name for place in others])
        return primary, *others

    def primary(self) -> Place:
        """Make a store's first node."""
        place = self.node(None)
        self.engine.set_password(place, "hwadmin", self.password)
        return place

    def node(self, source: Place | None) -> Place:
        """Make a node out of the pool and start it."""
        place = new_place()
        pool.take(self.engine, place.data)
        self.places.append(place)
        self.start(place, source)
        return place

    def standby(self, source: Place) -> Place:
        """Make a standby that follows."""
        place = self.node(source)
        self.join(place, source)
        return place

    def start(self, place: Place, source: Place | None, told: tuple[str, ...] = ()) -> None:
        ensure_certificate(place, Authority(settings.HOME))
        self.engine.configure(place, HOBBYIST)
        self.engine.write_part(place, source, told)
        self.supervisor.write(self.engine.service(place))
        self.supervisor.start(place.name)
        assert wait_until(lambda: self.engine.ready(place), READY_SECONDS), place.name

    def join(self, place: Place, source: Place) -> list[str]:
        """Copy and wait until it follows; what was said meanwhile."""
        self.engine.prepare_primary(source, [other for other in self.places if other != source])
        said: list[str] = []
        until = time.monotonic() + 60
        while (word := self.engine.copy(place, source)) is not None:
            assert time.monotonic() < until, said
            said.append(word)
        assert self.follows(place, source)
        return said

    def follows(self, place: Place, source: Place) -> bool:
        """Wait until it has everything."""

        def caught_up() -> bool:
            try:
                standing, ahead = self.engine.standing(place), self.engine.standing(source)
            except NotAnswering:
                return False
            return standing.following and standing.source_port == source.port and standing.applied >= ahead.applied

        return wait_until(caught_up, FOLLOW_SECONDS)

    def standing(self, place: Place) -> Standing:
        return self.engine.standing(place)

    def kill(self, place: Place) -> None:
        """What a failover does to a failed primary: it is dead and stays so."""
        self.supervisor.kill(place.name)

    def crash(self, place: Place) -> None:
        """End the server's process; its supervisor starts it again."""
        process = self.process(place)
        process.send(signal.SIGKILL)
        assert wait_until(lambda: not process.running(), 5)

    @contextmanager
    def frozen(self, place: Place) -> Iterator[None]:
        """Stop the server's process, and let it go on afterwards."""
        process = self.process(place)
        process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send(signal.SIGCONT)

    def process(self, place: Place) -> Process:
        process = self.supervisor.program(place.name)
        assert process is not None
        return process

    def run(self, place: Place, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the tenant."""
        with self.login(place) as connection:
            return execute(connection, statement)

    def platform(self, place: Place, statement: str) -> list[tuple[Any, ...]]:
        with administration(place) as session:
            return session.execute(statement)

    def login(self, place: Place, **changes: Any) -> pymysql.Connection[Any]:
        parameters: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": place.port,
            "user": "hwadmin",
            "password": self.password,
            "database": "defaultdb",
            "ssl": {"ca": str(Authority(settings.HOME).certificate_file)},
            "connect_timeout": 3,
            "read_timeout": 20,
            "autocommit": True,
        }
        return pymysql.connect(**(parameters | changes))

    def discard(self, place: Place) -> None:
        """Remove a node with its data."""
        self.places.remove(place)
        self.supervisor.remove(place.name, 0)
        for directory in (place.directory, place.sockets):
            shutil.rmtree(directory, ignore_errors=True)

    def remove(self) -> None:
        for place in [*self.places]:
            self.discard(place)


def roles(group: Group) -> tuple[Place, list[Place]]:
    """Return the present primary and its standbys."""
    primary = next(place for place in group.places if group.standing(place).writable)
    return primary, [place for place in group.places if place != primary]


@dataclass
class Writers:
    """What clients got acknowledged."""

    acknowledged: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def reach(self, number: int) -> None:
        """Wait until so many more rows are acknowledged."""
        wanted = len(self.acknowledged) + number
        assert wait_until(lambda: len(self.acknowledged) >= wanted, 20)


@contextmanager
def writing(group: Group, place: Place, clients: int = 3) -> Iterator[Writers]:
    """Insert numbered rows all the time, until the end or until the server is gone."""
    group.run(place, "CREATE TABLE IF NOT EXISTS numbered (number BIGINT PRIMARY KEY)")
    writers = Writers()

    def write(first: int) -> None:
        with suppress(pymysql.Error, OSError), group.login(place) as connection:
            for number in range(first, first + 10**9):
                if writers.stop.is_set():
                    return
                execute(connection, f"INSERT INTO numbered VALUES ({number})")  # noqa: S608 - a number of ours
                writers.acknowledged.append(number)

    base = time.time_ns()
    threads = [threading.Thread(target=write, args=(base + client * 10**9,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        writers.stop.set()
        for thread in threads:
            thread.join()


def lost(group: Group, place: Place, writers: Writers) -> set[int]:
    """Return the acknowledged rows that a node does not have."""
    return set(writers.acknowledged) - {row[0] for row in group.run(place, "SELECT number FROM numbered")}
