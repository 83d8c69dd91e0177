"""Keeps services running by runit: one detached runsv per service, which outlives whoever started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from ..paths import Home
from ..processes import Process, StillRunningError, end_all, end_marked, wait_gone
from . import channel
from .definition import MARK, make_service, read_definition, write_definition
from .scripts import ASKED, RunitPrograms
from .spec import ServiceSpec, SupervisionError, check_name
from .status import ServiceStatus, State, Wanted, read_last_exit

ORPHAN_GRACE_SECONDS = 10.0
KILL_SECONDS = 10.0
ANSWER_SECONDS = 10.0
REAP_SECONDS = 3.0


class Supervisor:
    """All services of one installation. Every method may be repeated at any time, by several at once.

    The truth is on disk: `down` in a service's directory says that it is wanted down, also over a restart of
    its runsv or of the machine. Where a service does not exist, methods raise SupervisionError unless they
    say else.
    """

    def __init__(self, home: Home, programs: RunitPrograms) -> None:
        self._services = home.services.absolute()
        self._logs = home.log.absolute()
        self._programs = programs

    def names(self) -> list[str]:
        """All services that were written and not removed, sorted."""
        try:
            found = os.listdir(self._services)  # noqa: PTH208 - names are all that is wanted
        except FileNotFoundError:
            return []
        return sorted(name for name in found if not name.startswith("."))

    def write(self, spec: ServiceSpec) -> bool:
        """Make the service's definition this one; True where it changed. A running program keeps the old one
        until it is restarted; a new service waits for `start`."""
        make_service(self._directory(spec.name))
        with self._locked(spec.name) as directory:
            return write_definition(directory, self._log(spec.name), spec, self._programs)

    def start(self, name: str) -> None:
        """Want it up. Returns when runsv has taken that over; the program starts within milliseconds."""
        with self._locked(name) as directory:
            (directory / ASKED).touch(mode=0o600)
            (directory / "down").unlink(missing_ok=True)
            self._ensure(directory)
            channel.send(directory, "u")
        self._wait_wanted(directory, Wanted.UP)

    def stop(self, name: str, timeout: float = 60.0) -> None:
        """Want it down and wait for a clean stop by the service's own signal.

        Raises SupervisionError when the program still runs after `timeout` seconds; it stays wanted down.
        """
        with self._locked(name) as directory:
            (directory / "down").touch(mode=0o600)
            if not channel.send(directory, "d"):
                self._end_orphans(directory, grace=timeout)
                return
        self._wait_wanted(directory, Wanted.DOWN)
        if not channel.wait_until(lambda: not self._runs(directory), timeout):
            raise SupervisionError(
                f"{name} did not stop within {timeout:.0f} seconds.",
                "It is still shutting down: wait, or end it by force.",
            )

    def kill(self, name: str, timeout: float = KILL_SECONDS) -> None:
        """Want it down and end it at once. On return no process of it is left: a proof, fit for fencing.

        Raises SupervisionError where a process outlives SIGKILL for `timeout` seconds; never assume then.
        A service that does not exist is fine.
        """
        directory = self._directory(name)
        if not directory.exists():
            return
        (directory / "down").touch(mode=0o600)
        told = channel.send(directory, "dk")
        if (program := channel.program_of(directory)) is not None:
            program.send(signal.SIGKILL)
        with channel.exclusive(directory):
            if told:
                self._wait_wanted(directory, Wanted.DOWN)
            if not channel.wait_until(lambda: not self._runs(directory), timeout):
                raise _unkillable(name)
            self._end_remains(directory, timeout)

    def restart(self, name: str, timeout: float = 60.0) -> None:
        """Stop the program by its own signal and have a new one running; starts it where it is down.

        Raises SupervisionError when the old one still runs after `timeout` seconds.
        """
        with self._locked(name) as directory:
            (directory / ASKED).touch(mode=0o600)
            (directory / "down").unlink(missing_ok=True)
            before = channel.program_of(directory) if channel.supervised(directory) else None
            self._ensure(directory)
            channel.send(directory, "u" if before is None else "tu")
        self._wait_wanted(directory, Wanted.UP)
        if before is not None and wait_gone([before], timeout):
            raise SupervisionError(
                f"{name} did not stop within {timeout:.0f} seconds, so it was not restarted yet.",
                "It restarts by itself once it has stopped: wait, or end it by force.",
            )

    def status(self, name: str) -> ServiceStatus:
        """How it stands; a service that does not exist is State.ABSENT."""
        directory = self._directory(name)
        wanted = channel.wanted(directory)
        last_exit = read_last_exit(directory / "last-exit")
        if not channel.supervised(directory):
            if not directory.exists():
                return ServiceStatus(State.ABSENT, Wanted.DOWN)
            return ServiceStatus(State.UNSUPERVISED, wanted, last_exit=last_exit)
        told = channel.read_status(directory)
        if told is None:
            return ServiceStatus(State.DOWN, wanted, last_exit=last_exit)
        # When a program ended within its first second, runsv pauses for one and its last word is out of date.
        running = told.running and told.pid is not None and Process.find(told.pid) is not None
        state, pid = (State.UP, told.pid) if running else (State.DOWN, None)
        return ServiceStatus(state, told.wanted, pid, told.since, last_exit)

    def program(self, name: str) -> Process | None:
        """The running program as a process to watch by its pidfd, or None. Not the shell that becomes it."""
        return channel.program_of(self._directory(name))

    def ensure(self, name: str) -> None:
        """Make sure that runsv serves it and that exactly one program runs where it is wanted up.

        A program whose runsv died is ended first, by its own signal or after 10 s by force: nobody could
        restart it.
        """
        with self._locked(name) as directory:
            self._ensure(directory)

    def remove(self, name: str, timeout: float = 60.0) -> None:
        """Stop it (by force after `timeout` seconds), delete its directory and logs. May be absent."""
        directory = self._directory(name)
        if directory.exists():
            with contextlib.suppress(SupervisionError):
                self.stop(name, timeout)
            self.kill(name)
            with channel.exclusive(directory) as exists:
                if exists:
                    self._dissolve(directory)
        shutil.rmtree(self._log(name), ignore_errors=True)

    def retire(self, name: str, timeout: float = 60.0) -> None:
        """Stop it cleanly and let its runsv end too: definition and logs stay, `start` brings it back."""
        self.stop(name, timeout)
        with self._locked(name) as directory:
            channel.send(directory, "x")
            channel.wait_released(directory, ANSWER_SECONDS)

    def _dissolve(self, directory: Path) -> None:
        channel.send(directory, "x")
        if not channel.wait_released(directory, ANSWER_SECONDS):
            raise SupervisionError(
                f"The supervisor of {directory.name} did not end.",
                "Its program is stopped; remove it again later.",
            )
        # Renamed first: a removal that is interrupted leaves nothing that looks like a service.
        grave = directory.with_name(f".{directory.name}.removed")
        shutil.rmtree(grave, ignore_errors=True)
        directory.rename(grave)
        shutil.rmtree(grave)

    def _ensure(self, directory: Path) -> None:
        if channel.supervised(directory):
            return
        self._end_orphans(directory, ORPHAN_GRACE_SECONDS)
        channel.launch(self._programs.runsv, directory)

    def _end_orphans(self, directory: Path, grace: float) -> None:
        program = channel.program_of(directory)
        if program is not None:
            program.send(read_definition(directory).stop_signal)
            wait_gone([program], grace)
        self._end_remains(directory, KILL_SECONDS)
        if program is not None:
            # init reaps an orphan, and may take its time; until then engines believe their lock file's pid.
            channel.wait_until(lambda: Process.find(program.pid) != program, REAP_SECONDS)

    def _end_remains(self, directory: Path, timeout: float) -> None:
        """Kill what is left of a service: its program, what works in its directory or was started by it."""
        deadline = time.monotonic() + timeout
        owned = read_definition(directory).owned_directory
        try:
            program = channel.program_of(directory)
            if program is not None:
                program.send(signal.SIGKILL)
                if wait_gone([program], timeout):
                    raise _unkillable(directory.name)
            if owned is not None:
                end_all(owned, max(0.0, deadline - time.monotonic()))
            else:
                end_marked(MARK, str(directory), max(0.0, deadline - time.monotonic()))
        except StillRunningError as error:
            raise _unkillable(directory.name) from error

    def _runs(self, directory: Path) -> bool:
        told = channel.read_status(directory)
        alive = channel.program_of(directory) is not None
        return alive or (told is not None and told.running and channel.supervised(directory))

    def _wait_wanted(self, directory: Path, wanted: Wanted) -> None:
        def told() -> bool:
            status = channel.read_status(directory)
            if channel.wanted(directory) is not wanted:  # somebody else changed it since: theirs counts
                return True
            return (status is not None and status.wanted is wanted) or not channel.supervised(directory)

        if not channel.wait_until(told, ANSWER_SECONDS):
            raise SupervisionError(
                f"The supervisor of {directory.name} does not answer.",
                "Try again; if it stays so, restart the console.",
            )

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[Path]:
        directory = self._directory(name)
        with channel.exclusive(directory) as exists:
            if not exists:
                raise SupervisionError(
                    f"There is no service {name} on this machine.",
                    "Start the console again; it writes its services anew.",
                )
            yield directory

    def _directory(self, name: str) -> Path:
        return self._services / check_name(name)

    def _log(self, name: str) -> Path:
        return self._logs / check_name(name)


def _unkillable(name: str) -> SupervisionError:
    return SupervisionError(
        f"A process of {name} is still there after it was killed.",
        "It hangs in the kernel, as a rule on a disk that does not answer: check the disk, then try again.",
    )
