"""Confinement on the real kernel: PostgreSQL works inside, and nothing outside can be read or written."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from host.sandbox import Sandbox
from host.trees import Programs
from host.waiting import wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def room() -> Iterator[Path]:
    """A node's own directory and a neighbour's secret, under a path that is short enough for sockets."""
    room = Path(tempfile.mkdtemp(prefix="hw-sandbox-", dir="/tmp"))
    for name in ("own", "own/sockets", "neighbour"):
        (room / name).mkdir()
    (room / "neighbour" / "secret").write_text("the neighbour's data")
    yield room
    shutil.rmtree(room)


@pytest.fixture
def sandbox(programs: Programs) -> Sandbox:
    sandbox = Sandbox.of_this_machine(programs)
    assert sandbox.describe().active, sandbox.describe().sentence
    return sandbox


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")


def test_a_neighbours_file_is_out_of_reach(sandbox: Sandbox, room: Path) -> None:
    read = ["/bin/cat", str(room / "neighbour" / "secret")]
    assert run(*read).stdout == "the neighbour's data"
    confined = run(*sandbox.confine(read, read=[], write=[room / "own"]))
    assert (confined.stdout, "Permission denied" in confined.stderr) == ("", True)


def test_own_files_can_be_moved_and_written_but_not_started(sandbox: Sandbox, room: Path) -> None:
    own = room / "own"
    make = "mkdir a && echo '#!/bin/sh' >a/program && chmod +x a/program && mv a/program ."
    script = f"cd {own} && {make} && ./program"
    confined = run(*sandbox.confine(["/bin/sh", "-c", script], read=[], write=[own]))
    assert (own / "program").exists()
    assert "Permission denied" in confined.stderr


def test_the_environment_of_other_processes_is_out_of_reach(sandbox: Sandbox, room: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"], env={"SECRET": "of another process"}) as other:
        read = ["/bin/cat", f"/proc/{other.pid}/environ"]
        assert "of another process" in run(*read).stdout
        confined = run(*sandbox.confine(read, read=[], write=[room / "own"]))
        other.kill()
    assert confined.stdout == ""


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    sockets: Path
    psql: Path

    def query(self, sql: str) -> subprocess.CompletedProcess[str]:
        login = ["-h", str(self.sockets), "-U", "admin", "-d", "postgres"]
        return run(str(self.psql), "-X", "-At", *login, "-c", sql)


@pytest.fixture
def server(sandbox: Sandbox, programs: Programs, room: Path) -> Iterator[Server]:
    data, sockets = room / "own" / "data", room / "own" / "sockets"
    initdb = [str(programs.program("postgresql", "initdb")), "-D", str(data), "-U", "admin", "--no-sync"]
    done = run(*initdb, "--encoding=UTF8", "--locale=C")
    assert done.returncode == 0, done.stderr
    postgres = programs.program("postgresql", "postgres")
    command = [str(postgres), "-D", str(data), "-k", str(sockets), "-c", "listen_addresses=", "-c", "jit=off"]
    command += ["-c", "dynamic_shared_memory_type=mmap", "-c", "logging_collector=off"]
    tree = programs.tree_directory("postgresql")
    confined = sandbox.confine(command, read=[tree] if tree else [], write=[data, sockets])
    environment = {"PATH": "/usr/bin:/bin"}
    with subprocess.Popen(confined, cwd="/", stderr=subprocess.PIPE, env=environment) as process:
        server = Server(process, sockets, programs.program("postgresql", "psql"))
        assert wait_until(lambda: server.query("SELECT 1").stdout == "1\n", 20), process.poll()
        yield server
        process.kill()


def test_postgresql_works_inside_and_stops_by_its_own_signal(server: Server) -> None:
    work = "CREATE TABLE t AS SELECT generate_series(1, 1000) n; CHECKPOINT; SELECT pg_switch_wal() > '0/0'"
    assert server.query(work).stdout.splitlines()[-1] == "t"
    zone = "SET TIME ZONE 'Europe/Berlin'; SELECT count(*) FROM t"
    assert server.query(zone).stdout.splitlines()[-1] == "1000"
    parallel = "SET debug_parallel_query = on; SELECT sum(n) FROM t"
    assert server.query(parallel).stdout.splitlines()[-1] == "500500"
    program = Path(f"/proc/{server.process.pid}/exe").readlink()
    assert program.name == "postgres"  # setpriv became it, so signals reach the engine
    server.process.send_signal(signal.SIGINT)
    _, log = server.process.communicate(timeout=20)
    assert server.process.returncode == 0
    assert b"database system is shut down" in log


def test_even_a_superuser_of_postgresql_reads_and_writes_nothing_outside(server: Server, room: Path) -> None:
    secret = room / "neighbour" / "secret"
    attempts = [
        f"SELECT pg_read_file('{secret}')",
        f"CREATE TABLE s (line text); COPY s FROM PROGRAM 'cat {secret}'",
        f"COPY (SELECT 1) TO '{room}/neighbour/left'",
        f"SELECT pg_ls_dir('{room}/neighbour')",
    ]
    for attempt in attempts:
        result = server.query(attempt)
        assert result.returncode != 0, attempt
        assert "neighbour's data" not in result.stdout
    assert not (room / "neighbour" / "left").exists()
