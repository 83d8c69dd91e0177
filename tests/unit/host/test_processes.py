"""Processes by pid and start time: never mistaken, never missed, ended with proof."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.processes import Process, end_all, end_marked, processes_below, processes_marked, wait_gone

# A parent that ends while its child, in a session of its own, ignores every polite signal: as backends may.
FAMILY = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "MARK": str(tmp_path)}
    command = [sys.executable, "-c", FAMILY]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        yield parent
        end_all(tmp_path, 10)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)


@given(NAMES, st.integers(1, 2**22), st.integers(0, 2**60))
def test_any_name_in_a_stat_line_is_read_past(name: str, pid: int, started: int) -> None:
    fields = ["S", *["0"] * 18, str(started), *["0"] * 20]
    assert Process.from_stat(f"{pid} ({name}) {' '.join(fields)}\n") == Process(pid, started)


@pytest.mark.parametrize("line", ["", "12", "12 (torn) S 1 2", "12 torn S"])
def test_a_torn_stat_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a line"):
        Process.from_stat(line)


def test_a_reused_pid_is_another_process() -> None:
    current = Process.find(os.getpid())
    assert current is not None
    assert current.running()
    earlier = Process(current.pid, current.started - 1)
    assert not earlier.running()
    assert earlier.send(signal.SIGKILL) is False  # this test would not live on
    assert wait_gone([earlier], 0) == []


def test_waiting_ends_with_the_exit_or_names_who_remains(family: subprocess.Popen[bytes]) -> None:
    process = Process.find(family.pid)
    assert process is not None
    assert wait_gone([process], 0.05) == [process]
    assert process.send(signal.SIGKILL)
    assert wait_gone([process], 10) == []
    assert not process.running()  # though it is a zombie until its parent asks


def test_all_that_work_below_a_directory_are_ended(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert len(processes_below(tmp_path)) == 2
    assert len(end_all(tmp_path, 10)) == 2
    assert processes_below(tmp_path) == []


def test_a_removed_directory_hides_nobody(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    assert len(processes_below(tmp_path)) == 2
    assert len(end_all(tmp_path, 10)) == 2


def test_a_path_with_the_same_beginning_is_another(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert processes_below(Path(str(tmp_path)[:-1])) == []


def test_descendants_are_found_by_their_mark(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert len(processes_marked("MARK", str(tmp_path))) == 2
    assert processes_marked("MARK", str(tmp_path)[:-1]) == []
    assert len(end_marked("MARK", str(tmp_path), 10)) == 2
    assert processes_marked("MARK", str(tmp_path)) == []
