"""A silent server that does one thing at a time: working, stuck, or stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datastores.sites.local.engine import Place
from datastores.sites.local.monitor.facts import Facts
from datastores.sites.local.monitor.watch import MOST_WORK_SECONDS, SAMPLE_SECONDS, Watch
from datastores.sites.local.pulse import GreetingPulse
from host.processes import Process
from host.waiting import wait_until

SPINS, SLEEPS = "while True: pass", "import time; time.sleep(60)"
FACTS = Facts(uuid.uuid4(), uuid.uuid4(), "cache", Place("node-1", Path("/n"), Path("/r"), 1), Path("/n"), True, True)


class OneAtATime(GreetingPulse):
    one_at_a_time = True


@contextmanager
def watched(program: str, pulse: type[GreetingPulse] = OneAtATime) -> Iterator[Watch]:
    """A process that owes an answer since now."""
    with subprocess.Popen([sys.executable, "-c", program]) as child:
        try:
            process = Process.find(child.pid)
            watch = Watch(FACTS, pulse(Path("/nothing")), lambda _: process, missing_since=0.0)
            assert watch.look_for_process()
            watch.heart.ask(time.monotonic())
            yield watch
        finally:
            watch.forget_process(0.0)
            child.kill()


def works(watch: Watch) -> bool:
    """Look twice, as far apart as a sample takes."""
    first = time.monotonic()
    assert watch.is_working(first), "the first look begins to measure"
    wait_until(lambda: time.monotonic() > first + SAMPLE_SECONDS, 2 * SAMPLE_SECONDS)
    return watch.is_working(time.monotonic())


def test_one_that_uses_the_processor_works() -> None:
    with watched(SPINS) as watch:
        assert works(watch)


def test_one_that_waits_for_ever_does_not() -> None:
    with watched(SLEEPS) as watch:
        assert wait_until(lambda: not works(watch), 5)


def test_one_that_is_stopped_does_not() -> None:
    with watched(SPINS) as watch:
        assert watch.process is not None
        watch.process.send(signal.SIGSTOP)
        watch.heart.look(time.monotonic(), stopped=True)
        assert not watch.is_working(time.monotonic())


def test_nobody_works_longer_than_half_a_minute() -> None:
    with watched(SPINS) as watch:
        assert not watch.is_working((watch.heart.asked or 0.0) + MOST_WORK_SECONDS + 1)


@pytest.mark.parametrize("program", [SPINS, SLEEPS])
def test_others_answer_beside_their_work(program: str) -> None:
    with watched(program, GreetingPulse) as watch:
        assert not watch.is_working(time.monotonic())
