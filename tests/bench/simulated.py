"""A thousand servers that do nothing but show a sign of life: one process that answers on all their sockets.

Run it with the paths of the sockets on its input, one a line; it says "ready" when all can be asked.
"""

from __future__ import annotations

import asyncio
import struct
import sys

# What PostgreSQL says after a login without a password, and after SELECT 1.
LOGGED_IN = b"R" + struct.pack("!ii", 8, 0) + b"Z" + struct.pack("!i", 5) + b"I"
COLUMN = b"?column?\0" + struct.pack("!ihihih", 0, 0, 23, 4, -1, 0)
ONE = (
    b"T" + struct.pack("!ih", 6 + len(COLUMN), 1) + COLUMN
    + b"D" + struct.pack("!ihi", 11, 1, 1) + b"1"
    + b"C" + struct.pack("!i", 13) + b"SELECT 1\0"
    + b"Z" + struct.pack("!i", 5) + b"I"
)  # fmt: skip
# What MySQL's greeting begins with, and a cache's answers to AUTH and PING.
GREETING = b"\x4a\0\0\0\x0a9.7.4\0"
PONG = b"+OK\r\n+PONG\r\n"


class PostgreSQL(asyncio.Protocol):
    """Logs everybody in, and answers every query with 1."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the login."""
        self._transport, self._logged_in = transport, False

    def data_received(self, data: bytes) -> None:
        """A refused request for encryption comes first only over TCP, so the first message is the login."""
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.write(ONE if self._logged_in else LOGGED_IN)
        self._logged_in = True


class Greeting(asyncio.Protocol):
    """Says something at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(GREETING)


class Cache(asyncio.Protocol):
    """Answers AUTH and PING, which come together."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the question."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Whatever it was."""
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.write(PONG)


KINDS: dict[str, type[asyncio.Protocol]] = {
    "postgresql": PostgreSQL,
    "postgresql-vector": PostgreSQL,
    "mysql": Greeting,
    "cache": Cache,
}


async def serve(lines: list[str]) -> None:
    """Listen on every socket until killed."""
    loop = asyncio.get_running_loop()
    for line in lines:
        kind, path = line.split()
        await loop.create_unix_server(KINDS[kind], path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.stdin.read().splitlines()))
