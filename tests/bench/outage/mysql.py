"""The client over MySQL's protocol."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, TypeAlias

import pymysql

from .target import ADDRESS, SessionError, Target
from .times import ANSWER_SECONDS, CONNECT_SECONDS

Connection: TypeAlias = "pymysql.connections.Connection[Any]"


class MySQLSession:
    """One connection; see ``target.Session``."""

    def __init__(self, target: Target) -> None:
        try:
            self._connection = self._connect(target)
        except (pymysql.err.Error, OSError) as error:
            raise SessionError(str(error)) from error

    def prepare(self) -> None:
        """Make an empty table."""
        self._run("DROP TABLE IF EXISTS outage")
        self._run("CREATE TABLE outage (number bigint PRIMARY KEY)")

    def insert(self, number: int) -> None:
        """Commit one row."""
        self._run("INSERT INTO outage VALUES (%s)", number)

    def numbers(self) -> list[int]:
        """Return all rows."""
        return [row[0] for row in self._run("SELECT number FROM outage")]

    def close(self) -> None:
        """Close the socket."""
        with suppress(pymysql.err.Error, OSError):
            self._connection.close()

    @staticmethod
    def _connect(target: Target) -> Connection:
        connection: Connection = pymysql.connect(
            host=target.host,
            user=target.user,
            password=target.password,
            database=target.database,
            ssl=target.tls(),
            autocommit=True,
            read_timeout=CONNECT_SECONDS,
            write_timeout=ANSWER_SECONDS,
            defer_connect=True,
        )
        connection.connect(socket.create_connection((ADDRESS, target.port), CONNECT_SECONDS))
        vars(connection)["_read_timeout"] = ANSWER_SECONDS  # from here on
        return connection

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall())
        except (pymysql.err.Error, OSError) as error:
            raise SessionError(str(error)) from error
