"""Start, second start, stop, `--all`, and a machine that goes down: what a person at the terminal sees."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from django.conf import settings

from host.paths import Home
from host.processes import processes_marked
from host.supervisor import State, Supervisor, runit_programs
from host.supervisor.definition import MARK
from host.trees import Programs
from host.waiting import wait_until
from tests.console_client import ConsoleClient
from tests.installation import ROOT, Installation, make_environment, manage

pytestmark = pytest.mark.real
START_SECONDS = 120
RUNNING_SECONDS = 60


@pytest.fixture(scope="module")
def own() -> Iterator[Installation]:
    """An installation that may be stopped and broken; it is not started yet."""
    home = Path(tempfile.mkdtemp(prefix="hw-", dir="/tmp"))
    environment = make_environment(home, HEADWATER_WARM_POOL="0")
    yield Installation(home, f"http://localhost:{environment['HEADWATER_PORT']}", "", environment)
    manage(environment, "down", "--all")
    shutil.rmtree(home)


@pytest.fixture
def up(own: Installation) -> Installation:
    """The installation, started."""
    done = own.manage("up", "--detach", seconds=START_SECONDS)
    assert done.returncode == 0, done.stderr
    return own


@pytest.fixture
def client(up: Installation) -> Iterator[ConsoleClient]:
    with ConsoleClient(up.url) as client:
        client.sign_up()
        yield client


def supervisor_of(installation: Installation) -> Supervisor:
    programs = Programs(Path(installation.environment["HEADWATER_ENGINES"]))
    return Supervisor(Home(installation.home), runit_programs(programs))


def kill_everything(installation: Installation) -> None:
    """End every process of an installation at once, supervisors first, as a power cut does."""
    services = installation.home / "services"
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            if b"runsv\0" in line and str(services).encode() in line:
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue
    for service in services.iterdir():
        for process in processes_marked(MARK, str(service)):
            process.send(signal.SIGKILL)
    gone = lambda: not any(processes_marked(MARK, str(service)) for service in services.iterdir())  # noqa: E731
    assert wait_until(gone, 10)


def test_a_port_that_is_taken_is_named_and_nothing_is_left_running(own: Installation) -> None:
    with socket.create_server(("127.0.0.1", int(own.environment["HEADWATER_PORT"]))):
        refused = own.manage("up", "--detach", seconds=START_SECONDS)
    assert refused.returncode == 1
    assert own.environment["HEADWATER_PORT"] in refused.stderr
    assert "HEADWATER_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not any(supervisor_of(own).status(name).state is State.UP for name in supervisor_of(own).names())


def test_up_starts_everything_and_a_second_one_says_so(up: Installation) -> None:
    with urlopen(f"{up.url}/healthz", timeout=5) as answer:  # noqa: S310 - this very console
        assert answer.status == 200
    shown = up.manage("status")
    assert shown.returncode == 0, shown.stdout
    for service in ("console-db", "broker", "web", "worker", "beat", "edge"):
        assert f"{service} " in shown.stdout
    again = up.manage("up")
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert up.url in again.stdout


def test_data_stores_outlive_the_console(client: ConsoleClient, up: Installation) -> None:
    page = client.create_store("outlives")
    assert wait_until(lambda: "Running" in client.state(page), RUNNING_SECONDS), client.state(page)
    address = client.dsn(page)
    with psycopg.connect(address) as session:
        assert up.manage("down").returncode == 0
        assert session.execute("SELECT 1").fetchone() == (1,), "an open session was cut"
    with psycopg.connect(address) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert up.manage("status").returncode == 1
    assert up.manage("down").returncode == 0, "stopping twice is fine"


@pytest.mark.parametrize("ending", ["down --all", "power cut"])
def test_up_brings_data_stores_back_as_they_were(ending: str, client: ConsoleClient, up: Installation) -> None:
    page = client.create_store(f"back-after-{ending.split(maxsplit=1)[0]}")
    assert wait_until(lambda: "Running" in client.state(page), RUNNING_SECONDS), client.state(page)
    address = client.dsn(page)
    with psycopg.connect(address, autocommit=True) as session:
        session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    if ending == "power cut":
        kill_everything(up)
    else:
        assert up.manage("down", "--all").returncode == 0
    assert not processes_marked(MARK, str(up.home / "services" / "edge"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address, connect_timeout=3)
    for lock in [*up.home.glob("nodes/*/data/postmaster.pid"), up.home / "console/db/postmaster.pid"]:
        # The machine gave the servers' process ids to other programs of the same user meanwhile.
        lock.write_text(f"{os.getpid()}\n")
    started = up.manage("up", "--detach", seconds=START_SECONDS)
    assert started.returncode == 0, started.stderr
    with psycopg.connect(address) as session:
        assert session.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert up.manage("status").returncode == 0
    checked = up.manage("doctor")
    assert checked.returncode == 0, checked.stdout


def test_ctrl_c_stops_the_console_and_leaves_no_process_of_it(own: Installation) -> None:
    assert own.manage("down").returncode == 0
    command = [sys.executable, str(ROOT / "manage.py"), "up"]
    with subprocess.Popen(command, env=own.environment, text=True, stdout=subprocess.PIPE) as foreground:
        assert foreground.stdout is not None
        assert any("Ctrl-C stops the console" in line for line in foreground.stdout)
        foreground.send_signal(signal.SIGINT)
        rest = foreground.communicate(timeout=60)[0]
    assert foreground.returncode == 0
    assert "data stores go on" in rest
    for service in ("console-db", "broker", "web", "worker", "beat"):
        assert not processes_marked(MARK, str(own.home / "services" / service))


def test_root_is_sent_to_the_program_that_leaves_root(monkeypatch: pytest.MonkeyPatch) -> None:
    from console.errors import Refusal
    from datastores.management.starting import prepare_home

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Refusal, match="root") as refused:
        prepare_home()
    assert "bin/headwater up" in refused.value.remedy
    assert not (settings.HOME.root / "run").exists() or settings.HOME.run.stat().st_uid == os.getuid()
