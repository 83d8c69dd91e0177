"""Work that outlives its starter: started once, looked at from anywhere, ended for good."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.jobs import MARK, Command, Job, JobState
from host.processes import processes_marked
from host.slices import LONGEST, slice_of_this_thread
from host.waiting import wait_until

AUTOGROUP = Path("/proc/self/autogroup")


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    work = Job(tmp_path / "job")
    yield work
    work.end()


def ended(job: Job) -> bool:
    return wait_until(lambda: job.state() is JobState.ENDED, 5)


def test_a_job_leaves_its_result_and_its_words(job: Job) -> None:
    assert job.state() is JobState.ABSENT
    job.start(Command(["sh", "-c", 'echo "$WORD"; echo trouble >&2; exit 3'], {"WORD": "hello"}))
    assert ended(job)
    assert (job.code, job.output(), job.last_words()) == (3, "hello\n", "trouble")
    job.forget()
    assert job.state() is JobState.ABSENT


def test_a_job_runs_once_however_often_it_is_started(job: Job, tmp_path: Path) -> None:
    command = Command(["sh", "-c", f"echo run >>{tmp_path}/runs; until test -e {tmp_path}/go; do sleep 0.01; done"])
    for _ in range(3):
        job.start(command)
    assert job.state() is JobState.RUNNING
    (tmp_path / "go").touch()
    assert ended(job)
    job.start(command)
    assert job.state() is JobState.ENDED
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_job_whose_starter_script_was_killed_still_counts_while_its_program_lives(job: Job) -> None:
    job.start(Command(["sleep", "60"]))
    assert wait_until(lambda: len(processes_marked(MARK, str(job.directory))) == 2, 5)
    script, program = sorted(processes_marked(MARK, str(job.directory)))
    script.send(signal.SIGKILL)
    assert wait_until(lambda: not script.running(), 5)
    assert job.state() is JobState.RUNNING
    program.send(signal.SIGKILL)
    assert wait_until(lambda: job.state() is JobState.LOST, 5)


def test_ending_a_job_ends_all_that_it_started(job: Job) -> None:
    job.start(Command(["sh", "-c", "sleep 60 & sleep 60"]))
    assert wait_until(lambda: len(processes_marked(MARK, str(job.directory))) >= 3, 5)
    job.end()
    assert processes_marked(MARK, str(job.directory)) == []
    assert wait_until(lambda: job.state() is JobState.LOST, 5)


def test_a_job_runs_at_low_priority_and_inherits_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_SECRET", "hidden")
    job.start(Command(["sh", "-c", "nice; cat /proc/self/autogroup 2>/dev/null; env"]), niceness=10)
    assert ended(job)
    if AUTOGROUP.exists():
        assert job.output().splitlines()[1].endswith(" nice 10"), (
            "or it would count inside of the job's own session only"
        )
    assert job.output().splitlines()[0] == str(min(19, os.nice(0) + 10))
    assert "hidden" not in job.output()


def test_a_job_at_low_priority_gives_the_processor_back_to_whoever_wakes(job: Job) -> None:
    own = slice_of_this_thread()
    program = "from host.slices import slice_of_this_thread; print(slice_of_this_thread())"
    job.start(Command([sys.executable, "-c", program], {"PYTHONPATH": str(Path.cwd())}), niceness=10)
    assert ended(job)
    assert int(job.output()) == (LONGEST if own else 0), "Linux older than 6.12 knows no slices, and says 0"
    assert slice_of_this_thread() == own, "the starter itself keeps its own"
