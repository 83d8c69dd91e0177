"""Named work that takes longer than a step may: a program that runs by itself and leaves its result in files.

A job is a directory. Whoever runs a job's program holds the lock of a file in it, and so do all processes that it
starts: the lock is free exactly when none of them is left, however they ended. So a job is looked at before it is
started, and the same job never runs twice, whatever was killed in between.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from .processes import end_marked
from .slices import long_slices

MARK = "HEADWATER_JOB"
LOCK, RESULT, OUTPUT, ERRORS = "lock", "result", "output", "errors"
END_SECONDS = 10.0
LONGEST_WORDS = 4000  # of what is read of a program's last words, in bytes
# Niceness: a server at 0 that never waits gets nine times the processor of one of these. For one that waits see ``slices``.
LOW_PRIORITY = 10
GIVING_WAY = (sys.executable, "-I", str(Path(__file__).with_name("giving_way.py")))
# $1: niceness. Where Linux shares the processor between sessions first (autogroup), it counts only inside of its own session
# unless the session has it, too; Linux takes one such change in 100 ms. The result appears in one step, after
# everything that the program wrote.
SCRIPT = (
    'n=$1; shift; group=/proc/self/autogroup; [ "$n" -eq 0 ] || [ ! -w "$group" ] || '
    'for try in 1 2 3 4 5; do { echo "$n" >"$group"; } 2>/dev/null && break; sleep 0.1; done; '
    'nice -n "$n" "$@" >output 2>errors </dev/null; echo $? >.result; sync .result; mv .result result'
)


@dataclass(frozen=True)
class Command:
    """A program with its arguments and its whole environment besides PATH. No secret in either."""

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class JobState(Enum):
    """How a job stands."""

    ABSENT = "absent"  # never started
    RUNNING = "running"
    ENDED = "ended"  # with a code
    LOST = "lost"  # it was killed before it could leave a result, as by a restart of the machine


class Job:
    """One job, by its directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def state(self) -> JobState:
        """Look at it."""
        if not (self.directory / LOCK).exists():
            return JobState.ABSENT
        with self._free() as free:
            if not free:
                return JobState.RUNNING
        return JobState.ENDED if (self.directory / RESULT).exists() else JobState.LOST

    @property
    def code(self) -> int:
        """The exit code of a program that has ended; 128 and more stand for a signal."""
        return int((self.directory / RESULT).read_text())

    def start(self, command: Command, *, niceness: int = 0, gives_way: bool = False) -> None:
        """Start it apart from this process, so that it outlives it; one that runs or has ended is left alone.

        ``gives_way``: it rests while others compute (see ``giving_way``).
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (self.directory / RESULT).exists():
                arguments = [*(GIVING_WAY if gives_way else ()), *command.arguments]
                with long_slices() if niceness else contextlib.nullcontext():
                    self._launch(arguments, command.environment, niceness, lock)
        except BlockingIOError:
            return
        finally:
            os.close(lock)

    def output(self) -> str:
        """What the program wrote to its standard output."""
        with contextlib.suppress(FileNotFoundError):
            return (self.directory / OUTPUT).read_text(errors="replace")
        return ""

    def last_words(self) -> str:
        """The end of what it complained about, else of what it said."""
        for name in (ERRORS, OUTPUT):
            with contextlib.suppress(FileNotFoundError):
                if words := (self.directory / name).read_bytes()[-LONGEST_WORDS:].decode(errors="replace").strip():
                    return words
        return ""

    def end(self) -> None:
        """Kill what still runs of it, and wait for the proof that nothing is left. Raises StillRunningError."""
        if self.state() is not JobState.RUNNING:
            return
        end_marked(MARK, str(self.directory), END_SECONDS)

    def forget(self) -> None:
        """End it and delete its directory; as if it had never been."""
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _launch(self, arguments: Sequence[str], environment: Mapping[str, str], niceness: int, lock: int) -> None:
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", SCRIPT, "job", str(niceness), *arguments],
            check=True,
            cwd=self.directory,
            umask=0o077,
            pass_fds=[lock],
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C",
                **environment,
                MARK: str(self.directory),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @contextlib.contextmanager
    def _free(self) -> Iterator[bool]:
        lock = os.open(self.directory / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(lock)
