"""Puts loop and responses together: what `manage.py monitor` runs."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, close_old_connections, connections

from datastores.models import DataStore, Failover, Operation
from datastores.sites.local.engines import LOCAL_ENGINES
from datastores.sites.local.machine import machine
from datastores.sites.local.monitor import canary, care
from datastores.sites.local.monitor.facts import Facts, Failure, watched_nodes
from datastores.sites.local.monitor.lease import Lease
from datastores.sites.local.monitor.loop import Loop
from datastores.sites.local.monitor.repeated import Repeated
from datastores.sites.local.monitor.response import Primary, drive, half_done, standby_failed
from datastores.sites.local.monitor.rest import is_at_rest
from datastores.sites.local.monitor.said import Said, said_of_stores
from datastores.sites.local.pulse import Pulse
from datastores.sites.local.replication import Replicating

log = logging.getLogger(__name__)
THREADS = 16
CARE_SECONDS = 5.0
SOON_SECONDS = 0.25  # after something has happened to a store, it is looked after more often for a while
SOON_ROUNDS = 40
WHOLE_SECONDS = 300.0  # a store at rest is only asked whether it is still so, but for one round in this time
FAIL_OVERS = Repeated(lambda: Operation.objects.active().filter(kind="fail_over").values_list("pk"))
UNMEASURED = Repeated(
    lambda: Failover.objects.filter(finished_at=None, rows_acknowledged=None, operation__isnull=False).values_list("pk")
)


class Watcher:
    """Answers the loop: nothing here is done in the loop's thread but what takes microseconds."""

    def __init__(self) -> None:
        self._lease = Lease("local")
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="monitor")
        self._cares: dict[uuid.UUID, tuple[float, int]] = {}  # store: when next, and how many rounds soon
        self._caring: set[uuid.UUID] = set()
        self._said: dict[uuid.UUID, list[Said]] = {}  # store: its rows, at most a second old
        self._whole_at: dict[uuid.UUID, float] = {}  # store: when its next whole round is due at the latest
        self._singing: set[uuid.UUID] = set()
        self._guard = threading.Lock()
        self.loop = Loop(watched_nodes, _pulse_of, machine().supervisor.program, self)

    def run(self) -> None:
        """Watch until the loop is stopped; give the lease back then."""
        try:
            self.loop.run()
        finally:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._lease.release()
            connections.close_all()

    def failed(self, facts: Facts, failure: Failure, done: Callable[[], None]) -> None:
        """Respond in a thread of its own."""
        noticed = time.time()
        self._submit(lambda: self._respond(facts, failure, noticed), done)

    def returned(self, facts: Facts) -> None:
        """A node serves again: look whether the redundancy is complete."""
        self._soon(facts.store)

    def tend(self) -> bool:
        """Renew the lease; carry on what is half done; measure what is planned; look after those that are due."""
        try:
            return self._lease.hold() and self._tend()
        except Error:
            close_old_connections()  # one that broke is made anew the next time
            raise

    def _tend(self) -> bool:
        if any(FAIL_OVERS.ask()):
            for operation in half_done():
                self._submit(lambda operation=operation: drive(operation))  # type: ignore[misc]
        if unmeasured := [key for (key,) in UNMEASURED.ask()]:
            for row in Failover.objects.filter(pk__in=unmeasured):
                self._sing(row)
        self._tend_stores()
        return True

    def _respond(self, facts: Facts, failure: Failure, noticed: float) -> None:
        """Its role may have changed since its row was read; what it was is asked first."""
        log.warning("%s of %s: %s", facts.place.name, facts.store, failure.sentence)
        primary = Primary(facts, failure, noticed, self._sing)
        if facts.is_primary:
            primary.respond() or standby_failed(facts, failure)
        else:
            standby_failed(facts, failure) or primary.respond()
        self._soon(facts.store)
        self._care(facts.store)

    def _sing(self, row: Failover) -> None:
        with self._guard:
            if row.pk in self._singing:
                return
            self._singing.add(row.pk)
        threading.Thread(target=self._run, args=(lambda: canary.sing(row),), daemon=True).start()

    def _tend_stores(self) -> None:
        self._said = said_of_stores()
        now = time.monotonic()
        with self._guard:
            self._cares = {key: self._cares.get(key, (now, SOON_ROUNDS)) for key in self._said}
            self._whole_at = {key: moment for key, moment in self._whole_at.items() if key in self._said}
            due = [key for key, (moment, _) in self._cares.items() if moment <= now and key not in self._caring]
        for key in due:
            self._submit(lambda key=key: self._care(key))  # type: ignore[misc]

    def _soon(self, store: uuid.UUID) -> None:
        with self._guard:
            self._cares[store] = (time.monotonic(), SOON_ROUNDS)
            self._whole_at.pop(store, None)

    def _care(self, key: uuid.UUID) -> None:
        with self._guard:
            if key in self._caring:
                return
            self._caring.add(key)
        try:
            if not self._rests(key):
                self._look_after(key)
        finally:
            with self._guard:
                self._caring.discard(key)
                _, rounds = self._cares.get(key, (0.0, 0))
                pause = SOON_SECONDS if rounds > 0 else CARE_SECONDS
                self._cares[key] = (time.monotonic() + pause, max(0, rounds - 1))

    def _rests(self, key: uuid.UUID) -> bool:
        """Whether a look at the servers is enough. Not after something has happened: the rows in hand are older than that."""
        with self._guard:
            said = self._said.get(key)
            may = time.monotonic() < self._whole_at.get(key, 0.0)
        return said is not None and may and is_at_rest(said)

    def _look_after(self, key: uuid.UUID) -> None:
        with self._guard:  # before it reads: what happens meanwhile asks for another
            self._whole_at[key] = time.monotonic() + WHOLE_SECONDS
        store = DataStore.objects.filter(pk=key).first()
        if store is not None:
            care.look_after(store)

    def _submit(self, work: Callable[[], None], done: Callable[[], None] = lambda: None) -> None:
        self._threads.submit(self._run, work, done)

    def _run(self, work: Callable[[], None], done: Callable[[], None] = lambda: None) -> None:
        close_old_connections()
        try:
            work()
        except Exception:
            log.exception("What was done about a node broke off; the next look begins anew.")
        finally:
            close_old_connections()
            done()


def _pulse_of(facts: Facts) -> Pulse:
    engine = LOCAL_ENGINES[facts.engine]
    if not isinstance(engine, Replicating):
        raise LookupError(f"{facts.engine} has no pulse")  # noqa: TRY004 - data
    return engine.pulse(facts.place)
