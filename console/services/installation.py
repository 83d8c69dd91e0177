"""The console's services as one thing: started in order, stopped in reverse."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.urls import reverse

from console.errors import Refusal
from console.services import broker, database, programs
from host.paths import Home
from host.supervisor import ServiceSpec, State, Supervisor, Wanted, runit_programs
from host.trees import Programs
from host.waiting import wait_until

ANSWER_SECONDS = 60.0  # a database that was cut off replays its log first
STOP_SECONDS = 30.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a console that listens there is asked


@dataclass(frozen=True)
class Installation:
    """The console of this home. Nothing here touches data stores or the edge."""

    home: Home
    trees: Programs

    @classmethod
    def from_settings(cls) -> Installation:
        """Return the one that the settings describe."""
        home: Home = settings.HOME
        return cls(home, Programs(home.engines))

    @cached_property
    def supervisor(self) -> Supervisor:
        """The supervisor; raises TreeError where runit is not installed."""
        return Supervisor(self.home, runit_programs(self.trees))

    def names(self) -> list[str]:
        """The services in the order in which they start, less those that a setting replaces."""
        own = [database.SERVICE] * settings.OWN_DATABASE + [broker.SERVICE] * settings.OWN_BROKER
        return [*own, programs.MONITOR, programs.WEB, programs.WORKER, programs.BEAT]

    def serves_pages(self) -> bool:
        """Whether the web service is up."""
        return self.supervisor.status(programs.WEB).state == State.UP

    def already_runs(self) -> bool:
        """Whether every service is up and wanted up; False where runit is not even installed."""
        if not self.trees.installed("runit"):
            return False
        found = [self.supervisor.status(name) for name in self.names()]
        return all(status.state == State.UP and status.wanted == Wanted.UP for status in found)

    def start_memory(self) -> None:
        """Start database and broker and wait until both answer. Raises :class:`Refusal`."""
        if settings.OWN_DATABASE:
            own = database.ConsoleDatabase(self.home, self.trees)
            own.prepare()
            self._start(own.service(), before=own.forget_stale_lock)
            self._wait(database.SERVICE, own.answering)
            own.create()
        else:
            _connect()
        if settings.OWN_BROKER:
            queue = broker.Broker(self.home, self.trees)
            queue.prepare()
            self._start(queue.service())
            self._wait(broker.SERVICE, queue.answering)

    def start_programs(self) -> None:
        """Start monitor, web, worker and beat and wait until a page answers. Raises :class:`Refusal`."""
        checkout: Path = settings.BASE_DIR
        for spec in programs.services(self.home, checkout, settings.CONSOLE_BIND, settings.CONSOLE_PORT):
            self._start(spec)
        self._wait(programs.WEB, healthy)
        for name in (programs.MONITOR, programs.WORKER, programs.BEAT):
            self._wait(name, lambda name=name: self.supervisor.status(name).state == State.UP)  # type: ignore[misc]

    def stop(self, say: Callable[[str], None]) -> None:
        """Stop what runs, last started first; requests and steps that are under way end first. The monitor before
        whatever it might take for a failure."""
        present = set(self.supervisor.names())
        own = [programs.BEAT, programs.WORKER, programs.WEB, programs.MONITOR]
        for name in [*own, broker.SERVICE, database.SERVICE]:
            if name in present and self.supervisor.status(name).wanted == Wanted.UP:
                say(f"Stopping {name}")
            if name in present:
                self.supervisor.retire(name, STOP_SECONDS)

    def _start(self, spec: ServiceSpec, before: Callable[[], None] = lambda: None) -> None:
        changed = self.supervisor.write(spec)
        if self.supervisor.status(spec.name).state != State.UP:
            self.supervisor.stop(spec.name, STOP_SECONDS)  # ends what an earlier supervisor left behind
            before()
            self.supervisor.start(spec.name)
        elif changed:
            self.supervisor.restart(spec.name)

    def _wait(self, name: str, condition: Callable[[], bool]) -> None:
        if not wait_until(condition, ANSWER_SECONDS):
            log = self.home.log / name / "current"
            raise Refusal(
                f"The service {name} did not answer within {ANSWER_SECONDS:.0f} seconds. {last_word(log)}",
                f"Its log is {log}. Data stores are not affected; start again once the cause is gone.",
            )


def healthy() -> bool:
    """Whether the console answers its own health page with 200."""
    bind: str = settings.CONSOLE_BIND
    asked = http.client.HTTPConnection(EVERYWHERE.get(bind, bind), settings.CONSOLE_PORT, timeout=5)
    with contextlib.closing(asked):
        try:
            asked.request("GET", reverse("healthz"), headers={"Host": urlsplit(settings.CONSOLE_URL).netloc})
            return asked.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def last_word(log: Path) -> str:
    """Return the last line of a service's log as a sentence, or nothing where there is none."""
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        if lines:
            return f"Its last word: {lines[-1][:300]}"
    return ""


def _connect() -> None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise Refusal(
            f"The database that DATABASE_URL names can't be reached: {str(error).strip().splitlines()[0]}.",
            "Check the address and that the server runs, then start again.",
        ) from error
