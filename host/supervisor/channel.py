"""Talks to one runsv: is it there, what does it say, what shall it do."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import waiting
from ..processes import Process
from .spec import SupervisionError
from .status import RunsvStatus, Wanted, parse_status

READY_SECONDS = 10.0
ANSWER_PAUSE_SECONDS = 0.0005
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@contextlib.contextmanager
def exclusive(directory: Path) -> Iterator[bool]:
    """Hold the lock of a service's directory; yields False where there is no such directory (any more)."""
    while True:
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # The directory may have been removed, and made anew, while this waited for the old one's lock.
            if _leads_to(directory, descriptor):
                yield True
                return
        finally:
            os.close(descriptor)


def supervised(directory: Path) -> bool:
    """Whether a runsv serves this directory: it alone keeps the reading end of supervise/ok open."""
    return _open_pipe(directory / "supervise" / "ok", close=True) is not None


def send(directory: Path, commands: str) -> bool:
    """Write control characters to runsv; False where none is running."""
    descriptor = _open_pipe(directory / "supervise" / "control")
    if descriptor is None:
        return False
    try:
        os.write(descriptor, commands.encode())
    except BrokenPipeError:
        return False
    finally:
        os.close(descriptor)
    return True


def read_status(directory: Path) -> RunsvStatus | None:
    """What runsv wrote last; None before its first word."""
    try:
        return parse_status((directory / "supervise" / "status").read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def wanted(directory: Path) -> Wanted:
    """What a runsv that starts now would do."""
    return Wanted.DOWN if (directory / "down").exists() else Wanted.UP


def program_of(directory: Path) -> Process | None:
    """The program that was started last in this directory, while it lives: as its run script noted itself."""
    try:
        boot, _, stat = (directory / "process").read_text().partition(" ")
        noted = Process.from_stat(stat)
    except (FileNotFoundError, ValueError):
        return None
    return noted if boot == BOOT_ID.read_text().strip() and noted.running() else None


def launch(runsv: Path, directory: Path) -> None:
    """Start runsv apart from this process, so that it outlives it, and wait until it listens.

    It gets a bare environment, no open file and no working directory of the starter: nothing of a console
    that is stopped or replaced later stays in use, and no secret of it is handed on.
    """
    if not os.access(runsv, os.X_OK):
        raise SupervisionError("The supervision program runsv is missing.", "Install the engine tree runit.")
    environment = {"PATH": f"{runsv.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    subprocess.run(
        ["setsid", "--fork", str(runsv), str(directory)],
        check=False,
        env=environment,
        cwd="/",
        umask=0o077,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not wait_until(lambda: supervised(directory) and read_status(directory) is not None, READY_SECONDS):
        raise SupervisionError(
            f"The supervisor of {directory.name} did not start within {READY_SECONDS:.0f} seconds.",
            "Check free memory and the process limit of this user, then try again.",
        )


def wait_released(directory: Path, timeout: float) -> bool:
    """Wait until runsv let go of its lock, so is gone, however it ended. False after `timeout` seconds."""
    try:
        descriptor = os.open(directory / "supervise" / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True

    def free() -> bool:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    try:
        return wait_until(free, timeout)
    finally:
        os.close(descriptor)


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Wait for an answer of runsv, which takes 1 to 10 ms as a rule; False after `timeout` seconds."""
    return waiting.wait_until(condition, timeout, first_pause=ANSWER_PAUSE_SECONDS)


def _leads_to(directory: Path, descriptor: int) -> bool:
    try:
        return directory.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _open_pipe(path: Path, *, close: bool = False) -> int | None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENXIO:  # nobody reads
            return None
        raise
    if close:
        os.close(descriptor)
    return descriptor
