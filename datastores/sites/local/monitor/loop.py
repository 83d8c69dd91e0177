"""The loop: one thread that waits for exits and answers, and hands everything that takes time to others."""

from __future__ import annotations

import contextlib
import heapq
import logging
import select
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Protocol

from datastores.sites.local.monitor.facts import Facts, Failure, FailureKind
from datastores.sites.local.monitor.watch import PATIENCE, Watch
from datastores.sites.local.pulse import Pulse
from host.processes import Process

log = logging.getLogger(__name__)
REFRESH_SECONDS = 1.0
SPREAD_SECONDS = 0.001
GRID_SECONDS = 0.1  # periods begin at whole multiples, so that a turn serves several nodes
GATHER_SECONDS = 0.002  # after asking, only exits are waited for so long: then most answers are read in one turn
TURN_SECONDS = 0.02  # what falls due within it is done together
JUDGE_SECONDS = 0.05  # how often open questions are looked at
LATE_SECONDS = 0.25  # the loop itself was held up for longer than this


def next_look(now: float, period: float) -> float:
    """Return when a node that is looked at now is to be looked at again: after its period, on the grid where that is
    longer than the grid's own step."""
    due = now + period
    return due if period < GRID_SECONDS else round(due / GRID_SECONDS) * GRID_SECONDS


class Responder(Protocol):
    """What is done about failures, elsewhere than in the loop's thread."""

    def failed(self, facts: Facts, failure: Failure, done: Callable[[], None]) -> None:
        """Do something about a node that failed; call ``done`` when that is over."""

    def returned(self, facts: Facts) -> None:
        """A node serves (again)."""

    def tend(self) -> bool:
        """Called every second: renew the lease, look after redundancy. False while another process watches."""


class Loop:
    """Watches the nodes that ``nodes`` returns. Everything is handed in, so that a benchmark can simulate a thousand.

    The work of a turn is that of the nodes that are due or have answered, never that of all.
    """

    def __init__(
        self,
        nodes: Callable[[], Iterable[Facts]],
        pulse_of: Callable[[Facts], Pulse],
        find: Callable[[str], Process | None],
        responder: Responder,
    ) -> None:
        self._nodes, self._pulse_of, self._find, self._responder = nodes, pulse_of, find, responder
        self._exits = select.epoll()  # processes
        self._epoll = select.epoll()  # open questions, and exits
        self._epoll.register(self._exits, select.EPOLLIN)
        self._watches: dict[uuid.UUID, Watch] = {}
        self._by_descriptor: dict[int, Watch] = {}
        self._due: list[tuple[float, uuid.UUID]] = []  # a heap: when each watch is to be looked at next
        self._waiting: dict[uuid.UUID, Watch] = {}  # those that owe an answer, or are stopped
        self._refresh_at = self._judge_at = 0.0
        self._stop = threading.Event()

    def stop(self) -> None:
        """Let ``run`` return soon; safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Watch until it is stopped."""
        expected = time.monotonic()
        while not self._stop.is_set():
            now = time.monotonic()
            if now - expected > LATE_SECONDS:
                for watch in self._waiting.values():
                    watch.heart.forgive(now - expected)
            if now >= self._refresh_at:
                self._refresh(now)
            if self._look_at_those_due(now):
                self._exits.poll(GATHER_SECONDS)
            if self._waiting and now >= self._judge_at:
                self._judge_those_waiting(now)
            wait = self._pause(time.monotonic())
            expected = time.monotonic() + wait
            for descriptor, _ in self._epoll.poll(wait):
                if descriptor == self._exits.fileno():
                    self._handle_exits()
                else:
                    self._handle(descriptor, time.monotonic())

    def _pause(self, now: float) -> float:
        """Return how long nothing is to be done, unless an exit or an answer comes: at least a turn's length."""
        moments = [self._refresh_at, *(moment for moment, _ in self._due[:1])]
        if self._waiting:
            moments.append(self._judge_at)
        return max(TURN_SECONDS, min(moments) - now)

    def _refresh(self, now: float) -> None:
        self._refresh_at = now + REFRESH_SECONDS
        try:
            wanted = {facts.node: facts for facts in self._nodes()} if self._responder.tend() else {}
        except Exception:  # the console's database is away: what is watched goes on being watched
            log.exception("The nodes could not be read; those that are known are watched.")
            return
        for key in self._watches.keys() - wanted.keys():
            if not self._watches[key].busy:
                self._drop(key, now)
        new: list[Watch] = []
        for key, facts in wanted.items():
            if key in self._watches:
                self._watches[key].facts = facts
            else:
                self._watches[key] = Watch(facts, self._pulse_of(facts), self._find, missing_since=now)
                new.append(self._watches[key])
        for number, watch in enumerate(new):  # one at once; many one after another, so that not all are asked together
            self._look_again(watch, now + number * SPREAD_SECONDS)

    def _drop(self, key: uuid.UUID, now: float) -> None:
        watch = self._watches.pop(key)
        self._waiting.pop(key, None)
        self._let_go(watch, now)

    def _let_go(self, watch: Watch, now: float) -> None:
        self._unregister(watch)
        if watch.pidfd >= 0:
            self._by_descriptor.pop(watch.pidfd, None)
            self._exits.unregister(watch.pidfd)
        watch.forget_process(now)

    def _look_at_those_due(self, now: float) -> bool:
        """Whether there were any."""
        looked = False
        while self._due and self._due[0][0] <= now:
            moment, key = heapq.heappop(self._due)
            watch = self._watches.get(key)
            if watch is not None and watch.next_at == moment:  # otherwise it was looked at sooner
                self._look(watch, now)
                self._look_again(watch, next_look(now, watch.period))
                looked = True
        return looked

    def _look_again(self, watch: Watch, moment: float) -> None:
        watch.next_at = moment
        heapq.heappush(self._due, (moment, watch.facts.node))

    def _look(self, watch: Watch, now: float) -> None:
        if watch.process is None and not self._finds_process(watch, now):
            return
        if watch.data_is_gone():
            self._fail(watch, FailureKind.DATA_LOST, time.time())
            return
        watch.heart.look(now, stopped=watch.is_stopped())
        if watch.heart.asked is None:
            watch.heart.ask(now)
            self._ask(watch)
        self._waiting[watch.facts.node] = watch

    def _finds_process(self, watch: Watch, now: float) -> bool:
        if watch.look_for_process():
            self._by_descriptor[watch.pidfd] = watch
            self._exits.register(watch.pidfd, select.EPOLLIN)
            return True
        if now - watch.missing_since > PATIENCE:
            watch.missing_since = now
            self._fail(watch, FailureKind.DATA_LOST if watch.data_is_gone() else FailureKind.EXIT, time.time())
        return False

    def _ask(self, watch: Watch) -> None:
        self._unregister(watch)  # an answer that nobody waits for any more
        try:
            watch.pulse.begin()
        except OSError:
            watch.pulse.close()
        self._register(watch)

    def _judge_those_waiting(self, now: float) -> None:
        self._judge_at = now + JUDGE_SECONDS
        for key, watch in list(self._waiting.items()):
            heart = watch.heart
            if heart.asked is None and heart.stopped is None:
                del self._waiting[key]
            elif heart.is_hung(now) and not watch.is_working(now):
                self._fail(watch, FailureKind.HANG, time.time() - (now - (heart.answered or now)))
            elif heart.asked is not None and watch.registered < 0 and watch.process is not None:
                self._ask(watch)  # the connection was refused or lost: over a new one

    def _handle_exits(self) -> None:
        for descriptor, _ in self._exits.poll(0):
            watch = self._by_descriptor.get(descriptor)
            if watch is not None:
                self._exited(watch, time.monotonic())

    def _handle(self, descriptor: int, now: float) -> None:
        watch = self._by_descriptor.get(descriptor)
        if watch is None:
            return
        self._unregister(watch)
        try:
            serves = watch.pulse.finish()
        except OSError:
            watch.pulse.close()
            return  # the question stays open and is asked anew
        if serves is None:
            self._register(watch)
            return
        first = watch.heart.answered is None
        watch.heart.answer(now, serves=serves)
        if watch.heart.stopped is None:
            self._waiting.pop(watch.facts.node, None)
        if serves and first and not watch.busy:
            self._responder.returned(watch.facts)

    def _exited(self, watch: Watch, now: float) -> None:
        self._let_go(watch, now)
        self._look_again(watch, now)
        self._fail(watch, FailureKind.DATA_LOST if watch.data_is_gone() else FailureKind.EXIT, time.time())

    def _fail(self, watch: Watch, kind: FailureKind, at: float) -> None:
        if watch.busy:
            return
        watch.busy = True

        def done() -> None:
            watch.heart.asked = watch.heart.stopped = None
            watch.busy = False

        self._responder.failed(watch.facts, Failure(kind, at), done)

    def _register(self, watch: Watch) -> None:
        descriptor = watch.pulse.fileno()
        if descriptor < 0:
            return
        self._by_descriptor[descriptor] = watch
        watch.registered = descriptor
        self._epoll.register(descriptor, select.EPOLLOUT if watch.pulse.wants_to_write() else select.EPOLLIN)

    def _unregister(self, watch: Watch) -> None:
        if watch.registered >= 0:
            self._by_descriptor.pop(watch.registered, None)
            with contextlib.suppress(OSError, ValueError):  # closed already, which takes it out by itself
                self._epoll.unregister(watch.registered)
            watch.registered = -1
