"""Runs the edge's proxy as its supervisor would, and kills it."""

from __future__ import annotations

import subprocess
from typing import Self

from datastores.sites.local.edge import Edge

from .servers import eventually


class Proxy:
    """One HAProxy process with the edge's own command line; gone at the end of the block."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        log = self._edge.settings.home.log / "edge.log"
        with log.open("w") as stderr:
            self._process = process = subprocess.Popen(self._edge.command(), stderr=stderr)
        eventually(lambda: process.poll() is not None or self._edge.answering())
        assert process.poll() is None, log.read_text()

    def kill(self) -> None:
        """As an out-of-memory killer would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
