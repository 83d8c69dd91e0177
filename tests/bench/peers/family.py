"""The processes of one peer: started in their own directory, and all ended with it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from host.processes import end_all, processes_below, wait_gone
from host.waiting import wait_until

END_SECONDS = 20.0
REAPER = Path(__file__).with_name("reaper.py")


class Family:
    """Processes that work below one short directory, which is their handle: also grandchildren in other groups."""

    def __init__(self) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="hwp-", dir="/tmp"))  # sockets need a short path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_all(self.top, END_SECONDS)
        shutil.rmtree(self.top, ignore_errors=True)

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Start a program in a directory of its own below the top; it ends with the program that started it."""
        directory = self.top / name
        directory.mkdir(exist_ok=True)
        with (directory / "log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, REAPER, self.top, *command],
                cwd=directory,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def freeze(self, directory: Path) -> None:
        """Stop every process that works in a directory, without ending it."""
        for process in processes_below(directory):
            process.send(signal.SIGSTOP)

    def kill_frozen(self, directory: Path) -> None:
        """Kill the processes in a directory that are stopped, and wait until they are gone."""
        stopped = [
            one for one in processes_below(directory) if "\nState:\tT" in Path(f"/proc/{one.pid}/status").read_text()
        ]
        for process in stopped:
            process.send(signal.SIGKILL)
        wait_gone(stopped, END_SECONDS)

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait; raises RuntimeError with the ends of the logs where it takes too long."""
        if not wait_until(condition, seconds):
            logs = "\n".join(f"{log}: {log.read_text()[-600:]}" for log in self.top.glob("*/log") if log.is_file())
            raise RuntimeError(f"{what} took more than {seconds:g} s.\n{logs}")
