"""Asks a cache for a sign of life, logged in as the probe: who has not logged in is not told that data is being read."""

from __future__ import annotations

from typing import ClassVar

from datastores.sites.local.cache.names import PROBE, probe_password, socket_file
from datastores.sites.local.engine import Place
from datastores.sites.local.pulse import GreetingPulse

LOGGED_IN = b"+OK\r\n"
LOADING = b"-LOADING"


class CachePulse(GreetingPulse):
    """A connection of its own each time, held for less than a millisecond.

    A tenant's script or a command over millions of keys keeps the server from answering for as long as it takes.
    """

    one_at_a_time: ClassVar[bool] = True

    def __init__(self, place: Place) -> None:
        super().__init__(socket_file(place), f"AUTH {PROBE} {probe_password(place)}\r\nPING\r\n".encode())

    def serves(self, answer: bytes) -> bool | None:
        """Any word serves, "max number of clients reached" too, but that data is being read. None: half an answer."""
        if answer == LOGGED_IN or not answer.endswith(b"\r\n"):
            return None
        return LOADING not in answer
