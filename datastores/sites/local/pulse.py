"""Asking a node whether it is alive, many at a time in one loop: nothing here ever waits."""

from __future__ import annotations

import contextlib
import socket
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar


class Pulse(ABC):
    """A probe of one node. ``begin`` asks, ``finish`` reads the answer when the descriptor turned ready.

    Both raise OSError where the server's socket does not take or keep the connection.
    """

    # The server does one thing at a time: while it works on something long it answers nobody, and nothing is wrong.
    one_at_a_time: ClassVar[bool] = False

    @abstractmethod
    def begin(self) -> None:
        """Ask; may connect first."""

    @abstractmethod
    def fileno(self) -> int:
        """Return the descriptor to watch."""

    @abstractmethod
    def wants_to_write(self) -> bool:
        """Whether the descriptor is to be watched for writing instead of reading."""

    @abstractmethod
    def finish(self) -> bool | None:
        """Read what came: True, the server serves; False, it answers but does not serve yet; None, more is to come."""

    @abstractmethod
    def close(self) -> None:
        """Drop the connection, if one is kept."""


class GreetingPulse(Pulse):
    """Connects to a Unix socket anew each time, says ``question`` and takes any answer that ``serves`` accepts."""

    def __init__(self, path: Path, question: bytes = b"") -> None:
        self._path = str(path)
        self._question = question
        self._socket: socket.socket | None = None
        self._heard = b""

    def begin(self) -> None:
        """Connect and ask. A full backlog raises BlockingIOError: nobody accepts."""
        self.close()
        self._heard = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._socket.connect(self._path)
        if self._question:
            with contextlib.suppress(BrokenPipeError):  # a refusal that was faster than the question can be read
                self._socket.send(self._question)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno() if self._socket else -1

    def wants_to_write(self) -> bool:
        """A Unix socket is connected at once."""
        return False

    def finish(self) -> bool | None:
        """Read the answer and hang up."""
        if self._socket is None:
            raise ConnectionResetError
        try:
            answer = self._socket.recv(512)
        except BlockingIOError:
            return None
        self._heard += answer
        verdict = self.serves(self._heard)
        if answer and verdict is None:
            return None
        self.close()
        if verdict is None or not answer:
            raise ConnectionResetError
        return verdict

    def serves(self, answer: bytes) -> bool | None:
        """Whether the answer is that of a server that serves clients; None where it is not all of it yet."""
        del answer
        return True

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
