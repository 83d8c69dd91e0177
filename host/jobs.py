"""Programs that run once, for longer than whoever started them: started, looked at and ended by the directory they have.

A job outlives the death of its starter. What is known of it lies in its directory: the process, as it noted
itself, then the exit status, written in one step when the program has ended.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .processes import Process, end_marked
from .waiting import wait_until

MARK = "HEADWATER_JOB"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
END_SECONDS = 10.0
NOTED_SECONDS = 5.0
SCRIPT = """\
read -r boot </proc/sys/kernel/random/boot_id
read -r self </proc/$$/stat
echo "$boot $self" >process
"$@" >output 2>&1 </dev/null
echo $? >.status
mv .status status
"""


class JobState(StrEnum):
    """ABSENT: never started, or cleared. LOST: it was killed, or the machine went down, before it ended."""

    ABSENT = "absent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True)
class Job:
    """One program that runs once; ``directory`` is its own and is made by ``start``."""

    directory: Path

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it, apart from this process, with this environment only. What an earlier run has left is cleared first."""
        self.clear()
        self.directory.mkdir(mode=0o700, parents=True)
        subprocess.run(
            ["setsid", "--fork", "/bin/sh", "-c", SCRIPT, "job", *command],
            check=True,
            env={"PATH": "/usr/bin:/bin", **environment, MARK: str(self.directory)},
            cwd=self.directory,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until((self.directory / "process").exists, NOTED_SECONDS)

    def state(self) -> JobState:
        """Say how it stands."""
        if not self.directory.exists():
            return JobState.ABSENT
        if self._runs():
            return JobState.RUNNING
        try:
            return JobState.DONE if self._text("status").strip() == "0" else JobState.FAILED
        except FileNotFoundError:
            return JobState.LOST

    def wait(self, seconds: float) -> JobState:
        """Wait until it has ended, for at most so long; say how it stands."""
        wait_until(lambda: self.state() is not JobState.RUNNING, seconds)
        return self.state()

    def last_word(self) -> str:
        """Return the last line that it has written, empty without one."""
        try:
            lines = self._text("output").strip().splitlines()
        except FileNotFoundError:
            return ""
        return lines[-1] if lines else ""

    def clear(self) -> None:
        """End it where it runs, with everything that it has started, and forget it."""
        if self.directory.exists():
            end_marked(MARK, str(self.directory), END_SECONDS)
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.directory)

    def _runs(self) -> bool:
        try:
            boot, _, stat = self._text("process").partition(" ")
            noted = Process.from_stat(stat)
        except (FileNotFoundError, ValueError):
            return False
        return boot == BOOT_ID.read_text().strip() and noted.running()

    def _text(self, name: str) -> str:
        return (self.directory / name).read_text(errors="replace")
