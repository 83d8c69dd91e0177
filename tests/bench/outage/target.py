"""Where a client writes and as whom."""

from __future__ import annotations

import json
import ssl
from dataclasses import asdict, dataclass
from typing import Protocol

ADDRESS = "127.0.0.1"  # what a client that resolved the name once goes on using


@dataclass(frozen=True)
class Target:
    """A server's stable address; the name is what its certificate must be for."""

    protocol: str
    port: int
    user: str
    password: str
    database: str
    ca: str
    host: str = "localhost"

    def to_json(self) -> str:
        """Return one line that ``from_json`` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Target:
        """Read what ``to_json`` wrote."""
        return cls(**json.loads(line))

    def tls(self) -> ssl.SSLContext:
        """Return a context that verifies certificate and name."""
        return ssl.create_default_context(cafile=self.ca)


class Session(Protocol):
    """A client's connection. Every method may raise ``SessionError``, and then the session is of no use any more."""

    def prepare(self) -> None:
        """Make an empty table, or its like."""

    def insert(self, number: int) -> None:
        """Add a row; returns when the server has acknowledged it."""

    def numbers(self) -> list[int]:
        """Return all rows."""

    def close(self) -> None:
        """Leave, without a word where the server does not answer."""


class SessionError(Exception):
    """The server refused, was gone, or did not answer in time."""
