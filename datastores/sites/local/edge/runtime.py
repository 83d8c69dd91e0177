"""Client of the proxy's admin socket: sends commands, gives back their answers, and refuses bad ones."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from .errors import EdgeDownError, EdgeError

# Seconds for one batch; the proxy answers within milliseconds or hangs.
PATIENCE = 2.0
# In interactive mode every answer ends with a prompt on a line of its own.
PROMPT = b"\n> "
# Commands sent ahead of their answers: enough to save round trips, few enough to fit both socket buffers.
WINDOW = 64
# What a command that changes something may answer; anything else is a refusal.
DONE = re.compile(
    r"|New version created: \d+|nothing changed|no need to change .*|(IP|port) changed from .*"
    r"|All sockets are already (en|dis)abled\.|Frontend (is|was) already (en|dis)abled\.|No such session.*"
)


class AdminSocket:
    """One connection per batch of commands, each batch bounded in time."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience

    def ask(self, *commands: str) -> list[str]:
        """Send commands and return their answers. Raises EdgeDownError where nothing runs, else EdgeError."""
        deadline = time.monotonic() + self._patience
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.settimeout(self._patience)
                connection.connect(str(self._path))
                _exchange(connection, ["prompt"], deadline)
                answers: list[str] = []
                for start in range(0, len(commands), WINDOW):
                    answers += _exchange(connection, commands[start : start + WINDOW], deadline)
            except (FileNotFoundError, ConnectionRefusedError) as error:
                raise EdgeDownError from error
            except TimeoutError as error:
                raise EdgeError(
                    f"The edge did not answer within {self._patience:g} seconds; open connections may go on.",
                    "Try again; if it stays so, restart the edge: its state is in its files.",
                ) from error
            except OSError as error:
                raise EdgeError(
                    "The edge broke off the conversation; it may have been restarted.", "Try again."
                ) from error
        return answers

    def change(self, *commands: str) -> list[str]:
        """Send commands that change something; an answer other than success raises EdgeError."""
        answers = self.ask(*commands)
        for command, answer in zip(commands, answers, strict=True):
            if answer.startswith("Failed to resume"):
                # A closed slot keeps its port bound but not listening, so another program can take it.
                raise EdgeError(
                    f"The edge can't listen for “{command}”: another program has taken the port.",
                    "Stop the program that listens on the data store's port, then try again.",
                )
            if any(not DONE.fullmatch(line) for line in answer.splitlines()):
                raise EdgeError(
                    f"The edge refused “{command}”: {answer}",
                    "Run manage.py doctor; if the slots differ from the files, restart the edge.",
                )
        return answers


def _exchange(connection: socket.socket, commands: Sequence[str], deadline: float) -> list[str]:
    connection.sendall("".join(f"{command}\n" for command in commands).encode())
    received = bytearray()
    missing = len(commands)
    while missing > 0:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(262_144)
        if not part:
            raise ConnectionResetError
        # A prompt may be cut in two by the socket, so the last bytes before this part are looked at again.
        missing -= (bytes(received[-len(PROMPT) + 1 :]) + part).count(PROMPT)
        received += part
    return [answer.strip() for answer in received.decode(errors="replace").split(PROMPT.decode())[:-1]]
