"""The client over the cache's protocol (RESP), spoken by hand: a client library's own retries would hide what is measured."""

from __future__ import annotations

import socket

from .target import ADDRESS, SessionError, Target
from .times import ANSWER_SECONDS, CONNECT_SECONDS

KEY = "outage"


class CacheSession:
    """One connection; see ``target.Session``."""

    def __init__(self, target: Target) -> None:
        try:
            plain = socket.create_connection((ADDRESS, target.port), CONNECT_SECONDS)
            try:
                self._socket = target.tls().wrap_socket(plain, server_hostname=target.host)
            except BaseException:
                plain.close()
                raise
        except OSError as error:
            raise SessionError(str(error)) from error
        self._file = self._socket.makefile("rb")
        try:
            self._run("AUTH", target.user, target.password)
        except SessionError:
            self.close()
            raise
        self._socket.settimeout(ANSWER_SECONDS)

    def prepare(self) -> None:
        """Forget all rows."""
        self._run("DEL", KEY)

    def insert(self, number: int) -> None:
        """Add one row."""
        self._run("SADD", KEY, str(number))

    def numbers(self) -> list[int]:
        """Return all rows."""
        rows = self._run("SMEMBERS", KEY)
        return [int(row) for row in rows] if isinstance(rows, list) else []

    def close(self) -> None:
        """Close the socket."""
        self._file.close()
        self._socket.close()

    def _run(self, *words: str) -> bytes | list[bytes]:
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words))
        try:
            self._socket.sendall(b"*%d\r\n%s" % (len(words), parts))
            return self._answer()
        except (OSError, ValueError) as error:
            raise SessionError(str(error)) from error

    def _answer(self) -> bytes | list[bytes]:
        line = self._file.readline().rstrip()
        kind, rest = line[:1], line[1:]
        if kind in (b"+", b":"):
            return rest
        if kind == b"$":
            return self._file.read(int(rest) + 2)[:-2]
        if kind in (b"*", b"~"):
            return [answer for _ in range(int(rest)) if isinstance(answer := self._answer(), bytes)]
        raise SessionError(line.decode(errors="replace") or "The cache closed the connection.")
