"""Background work that rests while others compute."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import giving_way
from host.jobs import MARK, Command, Job, JobState
from host.processes import Process, processes_marked
from host.waiting import wait_until

LINE = "cpu  {} 0 0 0 0 0 0 0 0 0\n"
# A process of its own, in a session of its own, as a job has; $1 is what stands for /proc/stat.
PROGRAM = """
import sys
from pathlib import Path
from host import giving_way
giving_way.STAT = Path(sys.argv[1])
sys.exit(giving_way.run(sys.argv[2:]))
"""


@pytest.fixture
def stat(tmp_path: Path) -> Iterator[Callable[[bool], None]]:
    """What stands for /proc/stat: call it to say whether others are busy, on two cores or not at all."""
    path, busy, over, used = tmp_path / "stat", threading.Event(), threading.Event(), 0.0
    path.write_text(LINE.format(0))

    def go_on() -> None:
        nonlocal used
        before = time.monotonic()
        while not over.wait(0.01):
            now = time.monotonic()
            used += 2 * giving_way.TICKS * (now - before) * busy.is_set()
            before = now
            (tmp_path / "next").write_text(LINE.format(int(used)))
            (tmp_path / "next").rename(path)

    thread = threading.Thread(target=go_on)
    thread.start()
    yield lambda on: busy.set() if on else busy.clear()
    over.set()
    thread.join()


@pytest.fixture
def started(tmp_path: Path, stat: object) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "stat")]
    program = ["sh", "-c", f"echo $$ >{tmp_path}/pid; while :; do sleep 0.01; echo >>{tmp_path}/rounds; done"]
    with subprocess.Popen([*words, *program], start_new_session=True, cwd=Path.cwd()) as process:
        yield process
        process.kill()
        end(tmp_path)


def program(directory: Path) -> Process:
    assert wait_until(lambda: (directory / "pid").exists() and (directory / "pid").read_text() != "", 5)
    found = Process.find(int((directory / "pid").read_text()))
    assert found is not None
    return found


def end(directory: Path) -> None:
    found = Process.find(int((directory / "pid").read_text()))
    if found is not None:
        found.send(signal.SIGKILL)


def is_stopped(process: Process) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def rounds(directory: Path, seconds: float) -> int:
    before = len((directory / "rounds").read_bytes())
    time.sleep(seconds)
    return len((directory / "rounds").read_bytes()) - before


def test_it_works_a_fifth_of_the_time_while_others_compute_and_all_the_time_when_they_no_longer_do(
    tmp_path: Path, stat: Callable[[bool], None], started: subprocess.Popen[bytes]
) -> None:
    child = program(tmp_path)
    assert wait_until((tmp_path / "rounds").exists, 5)
    alone = rounds(tmp_path, 1)
    stat(True)
    assert wait_until(lambda: is_stopped(child), 5)
    assert 0 < rounds(tmp_path, 2) / 2 < alone * 0.6
    stat(False)
    assert wait_until(lambda: rounds(tmp_path, 1) > alone * 0.6, 10)


def test_nothing_stays_stopped_when_it_is_killed(
    tmp_path: Path, stat: Callable[[bool], None], started: subprocess.Popen[bytes]
) -> None:
    child = program(tmp_path)
    stat(True)
    assert wait_until(lambda: is_stopped(child), 5)
    started.kill()
    assert wait_until(lambda: not child.running() or not is_stopped(child), 5)


def test_it_rests_no_more_after_the_longest_time(
    tmp_path: Path, stat: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_way, "STAT", tmp_path / "stat")
    monkeypatch.setattr(giving_way, "MOST_SECONDS", 0.0)
    monkeypatch.setattr("host.giving_way.time.sleep", lambda _seconds: pytest.fail("it rested"))
    stat(True)
    assert giving_way.run(["sh", "-c", "sleep 1.5; exit 4"]) == 4


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -9 $$", 128 + 9)])
def test_a_job_that_gives_way_ends_with_its_programs_code(tmp_path: Path, script: str, code: int) -> None:
    job = Job(tmp_path / "job")
    job.start(Command(["sh", "-c", f"echo said; {script}"]), niceness=10, gives_way=True)
    assert wait_until(lambda: job.state() is JobState.ENDED, 10)
    assert (job.code, job.output()) == (code, "said\n")


def test_a_job_that_gives_way_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    job = Job(tmp_path / "job")
    job.start(Command(["sh", "-c", "sleep 60 & sleep 60"]), niceness=10, gives_way=True)
    assert wait_until(lambda: len(processes_marked(MARK, str(job.directory))) >= 5, 10)
    job.end()
    assert processes_marked(MARK, str(job.directory)) == []
    assert wait_until(lambda: job.state() is JobState.LOST, 5)


def test_a_job_whose_watcher_was_killed_still_counts_while_its_program_lives(tmp_path: Path) -> None:
    job = Job(tmp_path / "job")
    job.start(Command(["sleep", "60"]), gives_way=True)
    assert wait_until(lambda: len(processes_marked(MARK, str(job.directory))) == 3, 10)
    script, watcher, sleeper = sorted(processes_marked(MARK, str(job.directory)))
    for each in (script, watcher):
        each.send(signal.SIGKILL)
    assert wait_until(lambda: not watcher.running(), 5)
    if sleeper.running():  # unless it rested at that moment, which ends it
        assert job.state() is JobState.RUNNING
        job.end()
    assert wait_until(lambda: job.state() is JobState.LOST, 5)
