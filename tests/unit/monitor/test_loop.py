"""The loop over processes and probes of its own: an exit is noticed at once, silence when the deadline has passed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datastores.sites.local.engine import Place
from datastores.sites.local.monitor.facts import Facts, Failure, FailureKind
from datastores.sites.local.monitor.heart import DEADLINE
from datastores.sites.local.monitor.loop import JUDGE_SECONDS, Loop
from datastores.sites.local.monitor.watch import PERIODS
from datastores.sites.local.pulse import Pulse
from host.processes import Process
from host.waiting import wait_until

SLACK_SECONDS = 0.25  # this machine does other things as well
AT_ONCE_SECONDS = 0.05
QUESTIONS = 7


class Answering(Pulse):
    """Answers what it is asked, unless it was told to be silent."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self.silent_since: float | None = None
        self.asked = 0

    def begin(self) -> None:
        self.asked += 1
        if self.silent_since is None:
            self._far.send(b".")

    def fileno(self) -> int:
        return self._near.fileno()

    def wants_to_write(self) -> bool:
        return False

    def finish(self) -> bool:
        return bool(self._near.recv(1))

    def close(self) -> None:
        pass


class Seen:
    """What the loop tells, and when."""

    def __init__(self) -> None:
        self.failures: list[tuple[FailureKind, float]] = []
        self.returned_nodes: list[uuid.UUID] = []

    def failed(self, facts: Facts, failure: Failure, done: Callable[[], None]) -> None:
        del facts, done  # it stays busy with the first
        self.failures.append((failure.kind, time.monotonic()))

    def returned(self, facts: Facts) -> None:
        self.returned_nodes.append(facts.node)

    def tend(self) -> bool:
        return True


@contextmanager
def looping() -> Iterator[tuple[subprocess.Popen[bytes], Answering, Seen]]:
    """Watch one process that serves, as the primary of a store with standbys, beside twenty others that do."""
    place = Place("node-1", Path("/n"), Path("/r"), 1)
    nodes = [Facts(uuid.uuid4(), uuid.uuid4(), "cache", place, Path("/"), number < 1, True) for number in range(21)]
    pulses = {facts.node: Answering() for facts in nodes}
    seen = Seen()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        found = Process.find(child.pid)
        loop = Loop(lambda: nodes, lambda facts: pulses[facts.node], lambda _: found, seen)
        thread = threading.Thread(target=loop.run)
        thread.start()
        try:
            assert wait_until(lambda: len(seen.returned_nodes) == len(nodes), 5)
            yield child, pulses[nodes[0].node], seen
        finally:
            loop.stop()
            thread.join(5)
            child.kill()


def test_an_exit_is_noticed_at_once() -> None:
    with looping() as (child, _, seen):
        child.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        assert wait_until(lambda: len(seen.failures) == 21, 2)
        assert {kind for kind, _ in seen.failures} == {FailureKind.EXIT}
        assert max(at for _, at in seen.failures) - killed < AT_ONCE_SECONDS


def test_a_primary_is_asked_every_third_of_a_second() -> None:
    with looping() as (_, pulse, seen):
        asked, began = pulse.asked, time.monotonic()
        assert wait_until(lambda: pulse.asked == asked + QUESTIONS, 5)
        assert abs(time.monotonic() - began - QUESTIONS * PERIODS[True, True]) <= PERIODS[True, True] + SLACK_SECONDS
        assert not seen.failures


def test_silence_is_a_failure_when_the_deadline_has_passed() -> None:
    with looping() as (_, pulse, seen):
        pulse.silent_since = began = time.monotonic()
        assert wait_until(lambda: bool(seen.failures), 5)
        ((kind, at),) = seen.failures
        assert kind is FailureKind.HANG
        assert DEADLINE < at - began < DEADLINE + PERIODS[True, True] + JUDGE_SECONDS + SLACK_SECONDS
