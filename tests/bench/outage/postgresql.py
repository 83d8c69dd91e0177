"""The client over PostgreSQL's protocol. libpq's connect_timeout is at least 2 s, so connecting is polled here."""

from __future__ import annotations

import select
import time

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from .target import ADDRESS, SessionError, Target
from .times import ANSWER_SECONDS, CONNECT_SECONDS

OK = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class PostgreSQLSession:
    """One connection; see ``target.Session``."""

    def __init__(self, target: Target) -> None:
        conninfo = make_conninfo(
            host=target.host,
            hostaddr=ADDRESS,
            port=target.port,
            user=target.user,
            password=target.password,
            dbname=target.database,
            sslmode="verify-full",
            sslrootcert=target.ca,
            gssencmode="disable",
        )
        self._connection = pq.PGconn.connect_start(conninfo.encode())
        try:
            self._poll(time.monotonic() + CONNECT_SECONDS)
        except SessionError:
            self.close()
            raise
        self._connection.nonblocking = 1

    def prepare(self) -> None:
        """Make an empty table."""
        self._run("DROP TABLE IF EXISTS outage")
        self._run("CREATE TABLE outage (number bigint PRIMARY KEY)")

    def insert(self, number: int) -> None:
        """Commit one row."""
        self._run(f"INSERT INTO outage VALUES ({number:d})")  # noqa: S608 - a number

    def numbers(self) -> list[int]:
        """Return all rows."""
        result = self._run("SELECT number FROM outage")
        return [int(result.get_value(row, 0) or b"") for row in range(result.ntuples)]

    def close(self) -> None:
        """Close the socket."""
        self._connection.finish()

    def _poll(self, deadline: float) -> None:
        wanted = pq.PollingStatus.WRITING
        while wanted != pq.PollingStatus.OK:
            if wanted == pq.PollingStatus.FAILED:
                raise SessionError(self._connection.error_message.decode(errors="replace"))
            self._wait(reading=wanted == pq.PollingStatus.READING, deadline=deadline)
            wanted = pq.PollingStatus(self._connection.connect_poll())

    def _run(self, statement: str) -> pq.abc.PGresult:
        deadline = time.monotonic() + ANSWER_SECONDS
        try:
            self._connection.send_query(statement.encode())
            while self._connection.flush():
                self._wait(reading=False, deadline=deadline)
            results = []
            while (result := self._next(deadline)) is not None:
                results.append(result)
        except psycopg.Error as error:
            raise SessionError(str(error)) from error
        if not results or any(pq.ExecStatus(result.status) not in OK for result in results):
            raise SessionError(self._connection.error_message.decode(errors="replace"))
        return results[-1]

    def _next(self, deadline: float) -> pq.abc.PGresult | None:
        while self._connection.is_busy():
            self._wait(reading=True, deadline=deadline)
            self._connection.consume_input()
        return self._connection.get_result()

    def _wait(self, *, reading: bool, deadline: float) -> None:
        poller = select.poll()
        poller.register(self._connection.socket, select.POLLIN if reading else select.POLLOUT)
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise SessionError("PostgreSQL did not answer in time.")
