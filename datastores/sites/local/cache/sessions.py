"""The platform's own sessions with a cache, over the node's Unix socket.

Valkey counts every connection against ``maxclients``, the platform's too, and reserves none. Three things make
the limit the tenant's own nevertheless: sessions last milliseconds; where nearly every place is taken, a
session raises the limit while it lasts, so that the tenant's last places stay free; and where every place is
taken, the server's own refusal is answer enough to know that it runs. Only a change that somebody asked for
makes room for itself (see ``room``).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.errors import Refusal
from datastores.sites.local.cache import room
from datastores.sites.local.cache.configuration import written_limit
from datastores.sites.local.cache.names import PLATFORM, platform_password, socket_file
from datastores.sites.local.engine import Place

ANSWER_SECONDS = 3.0
FULL = b"max number of clients"
SPARE = 8  # from this many free places on, and for this many connections, a session raises the limit
ROOM_SECONDS = 3.0


class FullError(Exception):
    """Every place is taken. The server runs: it said so itself."""


class Platform:
    """The platform's side of one session."""

    def __init__(self, place: Place, seconds: float = ANSWER_SECONDS) -> None:
        self._client = redis.Redis(
            unix_socket_path=str(socket_file(place)),
            username=PLATFORM,
            password=platform_password(place),
            protocol=2,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            driver_info=None,  # to tell the server which client this is costs more than the rest of a session
        )

    def ask(self, *words: str | int) -> Any:
        """Send one command and return its answer; raises redis.RedisError."""
        return self._client.execute_command(*words)  # type: ignore[no-untyped-call]

    def clients(self) -> dict[str, int]:
        """Return how many clients are connected, this one included, and how many may be."""
        found = self.ask("INFO", "clients")
        return {name: int(found[name]) for name in ("connected_clients", "maxclients")}

    def close(self) -> None:
        """End the session."""
        self._client.close()


@contextlib.contextmanager
def session(place: Place, seconds: float = ANSWER_SECONDS) -> Iterator[Platform]:
    """Log in as the platform. Raises FullError, or redis.RedisError where the server does not answer in time."""
    platform = _connected(place, seconds)
    try:
        with _beside_the_tenant(platform, written_limit(place)):
            platform.ask("PING")  # fails while data is being read, or can't be written
            yield platform
    finally:
        platform.close()


@contextlib.contextmanager
def insistent_session(place: Place) -> Iterator[Platform]:
    """Log in for a change that was asked for; where every place is taken, end one connection to get in.

    Raises Refusal where that does not help within three seconds.
    """
    with contextlib.ExitStack() as stack:
        yield _entered(place, stack)


def is_full(place: Place) -> bool:
    """Whether the server answers new connections with its own "max number of clients reached"."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(socket_file(place)))
            connection.sendall(b"PING\r\n")
        except BrokenPipeError:  # the refusal was faster than the question
            pass
        except OSError:
            return False
        try:
            return FULL in connection.recv(256)
        except OSError:
            return False


def _entered(place: Place, stack: contextlib.ExitStack) -> Platform:
    deadline = time.monotonic() + ROOM_SECONDS
    while True:
        try:
            return stack.enter_context(session(place))
        except FullError:
            if not room.make_room(place) or time.monotonic() > deadline:
                raise Refusal(
                    "Every connection of the cache is in use, so the change could not be made. Data is safe.",
                    "Close a connection, then try again.",
                ) from None
        time.sleep(0.005)  # the server notices the end of a connection in its next round


def _connected(place: Place, seconds: float) -> Platform:
    try:
        return Platform(place, seconds)  # connects at once
    except redis.ConnectionError as error:
        if is_full(place):
            raise FullError from error
        raise


@contextlib.contextmanager
def _beside_the_tenant(platform: Platform, limit: int) -> Iterator[None]:
    """Leave the tenant's last places free for the length of a session; heal what a killed session has left."""
    clients = platform.clients()
    allowed = clients["maxclients"]
    if clients["connected_clients"] + SPARE > limit and allowed == limit:
        # Where the machine does not allow that many files the server refuses; then a place is taken after all.
        with contextlib.suppress(redis.ResponseError):
            platform.ask("CONFIG", "SET", "maxclients", limit + SPARE)
            allowed = limit + SPARE
    try:
        yield
    finally:
        if allowed > limit:
            with contextlib.suppress(redis.RedisError):
                platform.ask("CONFIG", "SET", "maxclients", limit)
