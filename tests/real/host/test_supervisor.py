"""Supervision on the real runit: what keeps running, what stays down, and what is left over (nothing)."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host.paths import Home
from host.processes import Process, processes_below, processes_marked, wait_gone
from host.supervisor import LastExit, ServiceSpec, State, SupervisionError, Supervisor, Wanted
from host.supervisor.channel import wait_until

pytestmark = pytest.mark.real

Specs = Callable[..., ServiceSpec]

# Notes each start and the signal it gets, and has a child that only SIGKILL ends, as engines have backends.
PROGRAM = """
import os, pathlib, signal, sys, time
here = pathlib.Path.cwd()
if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(60)
def leave(number, frame):
    (here / "signal").write_text(signal.Signals(number).name)
    sys.exit(3)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN if "stubborn" in sys.argv else leave)
with (here / "starts").open("a") as file:
    file.write(f"{os.getpid()} {os.environ.get('SECRET', '')!r}\\n")
print("hello from the program", flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def node(home: Home) -> Path:
    directory = home.nodes / "one"
    directory.mkdir()
    return directory


@pytest.fixture
def spec(node: Path) -> Specs:
    def make(*arguments: str, **fields: object) -> ServiceSpec:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        settings: dict[str, object] = {"owned_directory": node, "stop_signal": signal.SIGINT, **fields}
        return ServiceSpec("one", command, node, **settings)  # type: ignore[arg-type]

    return make


def starts(node: Path) -> list[str]:
    file = node / "starts"
    return file.read_text().splitlines() if file.exists() else []


def wait_for_starts(node: Path, count: int) -> None:
    assert wait_until(lambda: len(starts(node)) == count, 10), starts(node)


def supervisor_process(home: Home, name: str) -> Process:
    line = b"\0".join([b"runsv", str(home.services / name).encode(), b""])
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            found = (entry / "cmdline").read_bytes().endswith(line)
        except OSError:
            continue
        process = Process.find(int(entry.name))
        if found and process is not None:
            return process
    raise AssertionError(f"no runsv for {name}")


def noted_exit(supervisor: Supervisor) -> LastExit:
    assert wait_until(lambda: supervisor.status("one").last_exit is not None, 5)
    last_exit = supervisor.status("one").last_exit
    assert last_exit is not None
    return last_exit


def run_it(supervisor: Supervisor, spec: ServiceSpec, node: Path) -> Process:
    supervisor.write(spec)
    supervisor.start(spec.name)
    wait_for_starts(node, len(starts(node)) or 1)
    program = supervisor.program(spec.name)
    assert program is not None
    return program


def test_a_new_service_waits_for_its_start(supervisor: Supervisor, spec: Specs, node: Path) -> None:
    assert supervisor.status("one").state is State.ABSENT
    assert supervisor.write(spec()) is True
    assert supervisor.status("one").state is State.UNSUPERVISED
    supervisor.ensure("one")
    assert supervisor.status("one").state is State.DOWN
    assert starts(node) == []


def test_start_is_up_with_pid_and_log(supervisor: Supervisor, spec: Specs, node: Path, home: Home) -> None:
    program = run_it(supervisor, spec(), node)
    status = supervisor.status("one")
    assert (status.state, status.wanted, status.pid) == (State.UP, Wanted.UP, program.pid)
    assert starts(node)[0].startswith(f"{program.pid} ")
    log = home.log / "one" / "current"
    assert wait_until(lambda: log.exists() and "hello from the program" in log.read_text(), 5)


def test_writing_the_same_again_changes_nothing(supervisor: Supervisor, spec: Specs, node: Path) -> None:
    program = run_it(supervisor, spec(environment={"SECRET": "s3"}), node)
    assert supervisor.write(spec(environment={"SECRET": "s3"})) is False
    supervisor.start("one")
    assert supervisor.program("one") == program
    assert supervisor.write(spec(environment={"SECRET": "other"})) is True


def test_a_secret_reaches_the_program_and_no_argument_list(
    supervisor: Supervisor, spec: Specs, node: Path, home: Home
) -> None:
    program = run_it(supervisor, spec(environment={"SECRET": "two\nlines"}), node)
    assert "'two\\nlines'" in starts(node)[0]
    for process in (program, supervisor_process(home, "one")):
        assert b"two" not in Path(f"/proc/{process.pid}/cmdline").read_bytes().split(PROGRAM.encode())[-1]
    files = [file for file in (home.services / "one").rglob("*") if file.is_file()]
    holders = [file for file in files if "two" in file.read_text(errors="replace")]
    assert [file.stat().st_mode & 0o777 for file in holders] == [0o600]


def test_a_crash_is_restarted_and_its_signal_noted(supervisor: Supervisor, spec: Specs, node: Path) -> None:
    program = run_it(supervisor, spec(), node)
    program.send(signal.SIGKILL)
    wait_for_starts(node, 2)
    last_exit = noted_exit(supervisor)
    assert (last_exit.code, last_exit.signal) == (None, signal.SIGKILL)


def test_a_pause_comes_before_a_restart_that_nobody_asked_for(supervisor: Supervisor, spec: Specs, node: Path) -> None:
    supervisor.write(spec(pause=30.0))
    supervisor.start("one")
    wait_for_starts(node, 1)
    supervisor.restart("one")
    wait_for_starts(node, 2)
    program = supervisor.program("one")
    assert program is not None
    program.send(signal.SIGKILL)
    assert wait_until(lambda: noted_exit(supervisor).signal == signal.SIGKILL, 5)
    assert wait_until(lambda: supervisor.program("one") not in {None, program}, 5), "the shell that waits"
    assert len(starts(node)) == 2
    supervisor.kill("one")
    assert processes_below(node) == []
    supervisor.start("one")
    wait_for_starts(node, 3)


def test_stop_uses_the_own_signal_and_lasts_over_a_new_runsv(
    supervisor: Supervisor, spec: Specs, node: Path, home: Home
) -> None:
    run_it(supervisor, spec(), node)
    supervisor.stop("one", timeout=10)
    status = supervisor.status("one")
    assert (status.state, status.wanted) == (State.DOWN, Wanted.DOWN)
    last_exit = noted_exit(supervisor)
    assert (last_exit.code, last_exit.signal) == (3, None)
    assert (node / "signal").read_text() == "SIGINT"
    runsv = supervisor_process(home, "one")
    runsv.send(signal.SIGKILL)
    assert wait_gone([runsv], 5) == []
    supervisor.ensure("one")
    assert supervisor.status("one").state is State.DOWN
    assert len(starts(node)) == 1


def test_a_program_that_does_not_stop_is_said_and_can_be_killed(
    supervisor: Supervisor, spec: Specs, node: Path
) -> None:
    program = run_it(supervisor, spec("stubborn"), node)
    with pytest.raises(SupervisionError, match="did not stop within"):
        supervisor.stop("one", timeout=0.3)
    supervisor.kill("one")
    assert not program.running()
    assert supervisor.status("one").state is State.DOWN


def test_kill_leaves_no_process_in_the_directory_and_none_comes_back(
    supervisor: Supervisor, spec: Specs, node: Path
) -> None:
    run_it(supervisor, spec("stubborn"), node)
    assert len(processes_below(node)) == 2
    supervisor.kill("one")
    assert processes_below(node) == []
    supervisor.ensure("one")
    assert supervisor.status("one").wanted is Wanted.DOWN
    assert len(starts(node)) == 1


def test_a_service_that_lost_its_directory_can_be_ended_while_it_waits(
    supervisor: Supervisor, spec: Specs, node: Path
) -> None:
    program = run_it(supervisor, spec(), node)
    shutil.rmtree(node)
    program.send(signal.SIGKILL)
    assert wait_until(lambda: supervisor.program("one") not in {None, program}, 5)
    supervisor.kill("one")
    assert supervisor.program("one") is None
    assert supervisor.status("one").state is State.DOWN


def test_kill_without_an_owned_directory_ends_what_the_service_started(
    supervisor: Supervisor, spec: Specs, node: Path, home: Home
) -> None:
    run_it(supervisor, spec(owned_directory=None), node)
    mark = str(home.services / "one")
    assert len(processes_marked("HEADWATER_SERVICE", mark)) == 2
    supervisor.kill("one")
    assert processes_marked("HEADWATER_SERVICE", mark) == []


def test_restart_ends_the_old_program_first(supervisor: Supervisor, spec: Specs, node: Path) -> None:
    program = run_it(supervisor, spec(), node)
    supervisor.write(spec(environment={"SECRET": "new"}))
    supervisor.restart("one", timeout=10)
    assert not program.running()
    wait_for_starts(node, 2)
    assert starts(node)[1].endswith("'new'")


def test_restart_starts_a_stopped_service(supervisor: Supervisor, spec: Specs, node: Path) -> None:
    run_it(supervisor, spec(), node)
    supervisor.stop("one", timeout=10)
    supervisor.restart("one", timeout=10)
    wait_for_starts(node, 2)
    assert supervisor.status("one").wanted is Wanted.UP


def test_after_the_loss_of_runsv_exactly_one_program_runs(
    supervisor: Supervisor, spec: Specs, node: Path, home: Home
) -> None:
    orphan = run_it(supervisor, spec(), node)
    runsv = supervisor_process(home, "one")
    runsv.send(signal.SIGKILL)
    assert wait_gone([runsv], 5) == []
    assert orphan.running()
    assert supervisor.status("one").state is State.UNSUPERVISED
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: supervisor.ensure("one"), range(12)))
    wait_for_starts(node, 2)
    assert not orphan.running()
    programs = [Process.find(int(line.split()[0])) for line in starts(node)]
    alive = [process for process in programs if process is not None and process.running()]
    assert len(alive) == 1


def test_kill_also_ends_an_orphan(supervisor: Supervisor, spec: Specs, node: Path, home: Home) -> None:
    orphan = run_it(supervisor, spec(), node)
    runsv = supervisor_process(home, "one")
    runsv.send(signal.SIGKILL)
    assert wait_gone([runsv], 5) == []
    supervisor.kill("one")
    assert not orphan.running()
    assert processes_below(node) == []


def test_remove_leaves_nothing_and_may_be_repeated(supervisor: Supervisor, spec: Specs, node: Path, home: Home) -> None:
    run_it(supervisor, spec(), node)
    runsv = supervisor_process(home, "one")
    supervisor.remove("one", timeout=5)
    supervisor.remove("one", timeout=5)
    assert not runsv.running()
    assert processes_below(node) == []
    assert processes_below(home.root) == []
    assert supervisor.names() == []
    assert list(home.services.iterdir()) == []
    assert list(home.log.iterdir()) == []


def test_the_program_takes_nothing_from_its_starter(
    supervisor: Supervisor, spec: Specs, node: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSOLE_SECRET", "not for engines")
    program = run_it(supervisor, spec(), node)
    runsv = supervisor_process(home, "one")
    assert os.getsid(runsv.pid) == runsv.pid != os.getsid(0)
    for process in (runsv, program):
        assert b"CONSOLE_SECRET" not in Path(f"/proc/{process.pid}/environ").read_bytes()


def test_what_does_not_exist_is_said(supervisor: Supervisor) -> None:
    for ask in (supervisor.start, supervisor.stop, supervisor.restart, supervisor.ensure):
        with pytest.raises(SupervisionError, match="no service nothing"):
            ask("nothing")
    supervisor.kill("nothing")
