"""What dies while a data store is being made: worker, broker, console database, edge, engine. It is made all the same."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from host.paths import Home
from host.processes import Process
from host.supervisor import State, Supervisor, runit_programs
from host.trees import Programs
from host.waiting import wait_until
from tests.console_client import ConsoleClient
from tests.installation import Installation

pytestmark = pytest.mark.real
RUNNING_SECONDS = 75  # a killed worker costs a lease of 20 s


@pytest.fixture
def client(installation: Installation) -> Iterator[ConsoleClient]:
    """A person with an organization of their own."""
    with ConsoleClient(installation.url) as client:
        client.sign_up()
        yield client


def supervisor_of(installation: Installation) -> Supervisor:
    home = Home(installation.home, engine_trees=None)
    programs = Programs(Path(installation.environment["HEADWATER_ENGINES"]))
    return Supervisor(home, runit_programs(programs))


@pytest.mark.parametrize("service", ["worker", "broker", "console-db", "edge", "beat", "web"])
@pytest.mark.parametrize("delay", [0.0, 0.08])
def test_a_store_is_made_although_a_service_dies(
    installation: Installation, client: ConsoleClient, service: str, delay: float
) -> None:
    supervisor = supervisor_of(installation)
    page = client.create_store("orders")
    time.sleep(delay)
    program = supervisor.program(service)
    assert program is not None, f"{service} does not run"
    os.kill(program.pid, signal.SIGKILL)
    assert wait_until(lambda: "Running" in client.state(page), RUNNING_SECONDS), client.state(page)
    with psycopg.connect(client.dsn(page)) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    client.delete_store(page, "orders")
    assert wait_until(lambda: client.gone(page), RUNNING_SECONDS)
    checked = installation.manage("doctor")
    assert checked.returncode == 0, checked.stdout
    assert supervisor.status(service).state is State.UP


def test_a_store_is_made_although_its_server_dies_at_once(installation: Installation, client: ConsoleClient) -> None:
    supervisor = supervisor_of(installation)
    page = client.create_store("orders")
    assert wait_until(lambda: bool(programs_of_nodes(supervisor)), 10)
    for program in programs_of_nodes(supervisor):
        program.send(signal.SIGKILL)
    assert wait_until(lambda: "Running" in client.state(page), RUNNING_SECONDS), client.state(page)
    with psycopg.connect(client.dsn(page)) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    client.delete_store(page, "orders")
    assert wait_until(lambda: client.gone(page), RUNNING_SECONDS)
    assert installation.manage("doctor").returncode == 0


def programs_of_nodes(supervisor: Supervisor) -> list[Process]:
    """Return the servers that run now."""
    found = (supervisor.program(name) for name in supervisor.names() if name.startswith("node-"))
    return [program for program in found if program is not None]
