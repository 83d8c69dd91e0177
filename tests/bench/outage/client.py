"""Runs the loop as a process and collects what it tells."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

from host.waiting import wait_until

from .figures import Acknowledgement
from .target import Target

START_SECONDS = 60.0
STOP_SECONDS = 120.0
FIRST_ROWS = 100  # acknowledged before anything is broken


class Client:
    """A client that writes from the beginning of the block until ``stop``."""

    def __init__(self, target: Target) -> None:
        self.acknowledgements: list[Acknowledgement] = []
        self.found: list[int] = []
        self.ended = 0.0  # monotonic time of the stop
        self._process = subprocess.Popen(
            [sys.executable, "-m", __package__ or ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if self._process.stdin is not None:
            self._process.stdin.write(target.to_json() + "\n")
            self._process.stdin.flush()

    def __enter__(self) -> Self:
        wait_until(lambda: self._process.poll() is not None or self._enough(), START_SECONDS)
        if not self._enough():
            self._process.kill()
            raise RuntimeError(f"Only {len(self.acknowledgements)} rows were acknowledged before the fault.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the loop and learn which rows are there. Raises RuntimeError where the server can't be read any more."""
        self.ended = time.monotonic()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reader.join(STOP_SECONDS)
        if self._process.wait(STOP_SECONDS):
            raise RuntimeError("The client could not read its rows at the end.")

    def _enough(self) -> bool:
        return len(self.acknowledgements) >= FIRST_ROWS

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                self.found = json.loads(line)["found"]
            else:
                number, at = line.split()
                self.acknowledgements.append(Acknowledgement(int(number), float(at)))
