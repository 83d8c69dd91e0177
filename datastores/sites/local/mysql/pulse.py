"""Asks a MySQL server for its greeting, which it sends by itself to whoever connects."""

from __future__ import annotations

from typing import Final

from pymysql.constants import ER

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.configuration import socket_file
from datastores.sites.local.pulse import GreetingPulse

HEADER_BYTES: Final = 4
ERROR: Final = 0xFF


class MySQLPulse(GreetingPulse):
    """A server that says that it is full serves those that it has let in."""

    def __init__(self, place: Place) -> None:
        super().__init__(socket_file(place))

    def serves(self, answer: bytes) -> bool:
        """Whether the packet is a greeting, or says that there are too many connections."""
        content = answer[HEADER_BYTES:]
        if not content:
            return False
        return content[0] != ERROR or int.from_bytes(content[1:3], "little") == ER.CON_COUNT_ERROR
