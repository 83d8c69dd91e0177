"""Asks a PostgreSQL node for a sign of life over a kept session: a fresh one would cost the server a process each time."""

from __future__ import annotations

import psycopg
from psycopg import pq
from psycopg.pq import abc

from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.logins import pulse_parameters
from datastores.sites.local.pulse import Pulse

QUERY = b"SELECT 1"
NOT_YET = ("starting up", "not yet accepting", "shutting down", "recovery mode")


class PostgreSQLPulse(Pulse):
    """A session in replication mode, which takes no connection of the tenants', and one short query each time."""

    def __init__(self, place: Place) -> None:
        self._parameters = pulse_parameters(place)
        self._session: abc.PGconn | None = None
        self._connected = False
        self._polled = pq.PollingStatus.WRITING
        self._answered = False

    def begin(self) -> None:
        """Send the query, or begin to connect where there is no session."""
        self._answered = False
        if self._session is None:
            self._connected, self._polled = False, pq.PollingStatus.WRITING
            self._session = pq.PGconn.connect_start(self._parameters)
            if self._session.status == pq.ConnStatus.BAD:
                raise self._lost()
        elif self._connected:
            self._ask()

    def fileno(self) -> int:
        """Return libpq's descriptor; it may change while the session is made."""
        return self._session.socket if self._session else -1

    def wants_to_write(self) -> bool:
        """Only while the session is made."""
        return not self._connected and self._polled == pq.PollingStatus.WRITING

    def finish(self) -> bool | None:
        """Go on with the connecting, or read the answer."""
        if self._session is None:
            raise ConnectionResetError
        return self._read() if self._connected else self._go_on()

    def close(self) -> None:
        """End the session without a word: the server may be frozen."""
        if self._session is not None:
            self._session.finish()
            self._session = None
        self._connected = False

    def _go_on(self) -> bool | None:
        session = self._open()
        self._polled = pq.PollingStatus(session.connect_poll())
        if self._polled == pq.PollingStatus.FAILED:
            text = session.error_message.decode(errors="replace")
            error = self._lost()
            if any(words in text for words in NOT_YET):
                return False
            raise error
        if self._polled == pq.PollingStatus.OK:
            self._connected = True
            session.nonblocking = 1
            self._ask()
        return None

    def _ask(self) -> None:
        try:
            self._open().send_query(QUERY)
        except psycopg.Error as error:
            raise self._lost() from error

    def _read(self) -> bool | None:
        session = self._open()
        try:
            session.consume_input()
            while not session.is_busy():
                result = session.get_result()
                if result is None:
                    return self._verdict()
                self._answered = result.status == pq.ExecStatus.TUPLES_OK
        except psycopg.Error as error:
            raise self._lost() from error
        return None

    def _verdict(self) -> bool:
        if not self._answered:  # its session was ended by the server
            raise self._lost()
        return True

    def _open(self) -> abc.PGconn:
        if self._session is None:
            raise ConnectionResetError
        return self._session

    def _lost(self) -> OSError:
        self.close()
        return ConnectionResetError("The session was lost.")
