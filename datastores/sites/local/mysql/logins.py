"""The platform's ways into a MySQL node, which leave tenants exactly the connections of their plan.

MySQL counts every connection, the platform's too, and lets in clients while the count is at most
``max_connections``. So the platform raises that by one for each connection of its own, after the server has
counted it, and lowers it again before it leaves: at no moment can tenants hold more than their plan says.
One process at a time does so, by a lock. One connection more than the maximum is reserved for the platform;
where clients that have not logged in yet occupy that one as well, the administrative address lets it in.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pymysql
from django.conf import settings
from pymysql.constants import ER
from pymysql.cursors import DictCursor

from datastores.sites.contract import Endpoint
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.configuration import configured, socket_file
from datastores.sites.local.mysql.names import (
    ADMIN_ADDRESS,
    ARCHIVER,
    PLATFORM,
    PROBE,
    STANDBY,
    platform_password,
    probe_password,
)
from host.authority import Authority
from host.waiting import wait_until

Connection = pymysql.Connection
ANSWER_SECONDS = 3
# A tenant may lock all tables; the platform then gives up instead of hanging.
# Its changes are small, and needed while a full disk stops everybody else's.
SAFE_SESSION = (
    "SET SESSION lock_wait_timeout = 3, SESSION innodb_lock_wait_timeout = 3, SESSION transaction_read_only = OFF"
)
LOCK_FILE = ".platform.lock"
ERROR_MARK = 0xFF
GREETING_START = 5  # a packet's header, and the first byte of its content


class Administration:
    """The platform's session in a node, which knows how many connections tenants may hold.

    Standbys that are connected to a primary and work for backups are counted by the server, too, and are made up for at
    each session.
    """

    def __init__(self, connection: Connection, limit: int) -> None:
        self.limit = limit
        self._connection = connection
        self._others = sum(row[1] in {STANDBY, ARCHIVER} for row in self.execute("SHOW PROCESSLIST"))

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement and return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def row(self, statement: str) -> dict[str, object]:
        """Run a statement and return its first row by column, empty without one."""
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(statement)
            return dict(cursor.fetchone() or {})

    def make_room(self, own: int) -> None:
        """Let tenants have their limit beside ``own`` connections of the platform and those others."""
        self.execute(f"SET GLOBAL max_connections = {self.limit + self._others + own}")


@contextlib.contextmanager
def administration(
    place: Place, *, seconds: float = ANSWER_SECONDS, patience: float | None = None
) -> Iterator[Administration]:
    """Log in as the platform without taking a tenant's connection.

    Each answer may take ``seconds``, and another process of the platform that is in at most ``patience`` (None:
    however long it takes); raises TimeoutError.
    """
    with _alone(place, patience), platform_login(place, seconds) as connection:
        session = Administration(connection, configured(place, "max_connections"))
        session.make_room(1)
        try:
            yield session
        finally:
            # A lost connection is gone anyway; the next session sets the figure again.
            with contextlib.suppress(pymysql.Error):
                session.make_room(0)


def platform_login(place: Place, seconds: float = ANSWER_SECONDS) -> Connection:
    """Log in as the platform: over the node's socket, else at the administrative address."""
    # Without TLS: even where it is not used, preparing it would take longer than all the rest.
    connection = _connection(
        PLATFORM,
        platform_password(),
        seconds,
        unix_socket=str(socket_file(place)),
        ssl_disabled=True,
    )
    try:
        connection.connect()
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.CON_COUNT_ERROR:
            raise
        ca = Authority(settings.HOME).certificate_file
        connection = _connection(PLATFORM, platform_password(), seconds, ssl=trusting(ca))
        connection.connect(_reach(ADMIN_ADDRESS, place.port, source=ADMIN_ADDRESS))
    return connection


@contextlib.contextmanager
def probe_login(endpoint: Endpoint, ca: Path, session: Administration) -> Iterator[Connection]:
    """Log in as the probe at the stable address, over TLS with the server's name verified.

    ``session`` makes room for it once the server has counted it, which is when it sends its greeting, and takes
    the room back before the server stops counting it: a second handle keeps the connection open until then.
    """
    connection = _probe(endpoint, ca)
    client = _reach(endpoint.host, endpoint.port)
    with client, client.dup():
        greeting = client.recv(GREETING_START, socket.MSG_PEEK)
        counted = len(greeting) == GREETING_START and greeting[-1] != ERROR_MARK
        session.make_room(2 if counted else 1)
        try:
            connection.connect(client)
            yield connection
        finally:
            session.make_room(1)
            if connection.open:
                connection.close()


def probe_connection(endpoint: Endpoint, ca: Path) -> Connection:
    """Log in as the probe, and stay: the server counts it among its connections."""
    connection = _probe(endpoint, ca)
    connection.connect()
    return connection


def trusting(ca: Path) -> ssl.SSLContext:
    """Return TLS as a strict client wants it: version 1.2 or newer, chain and name verified."""
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _probe(endpoint: Endpoint, ca: Path) -> Connection:
    tls = trusting(ca)
    return _connection(PROBE, probe_password(), ANSWER_SECONDS, host=endpoint.host, port=endpoint.port, ssl=tls)


def _connection(user: str, password: str, seconds: float, **parameters: object) -> Connection:
    return pymysql.connect(  # type: ignore[call-overload,no-any-return]
        **{"host": "localhost"} | parameters,
        user=user,
        password=password,
        autocommit=True,
        defer_connect=True,
        charset="utf8mb4",
        init_command=SAFE_SESSION,
        connect_timeout=seconds,
        read_timeout=seconds,
        write_timeout=seconds,
    )


def _reach(host: str, port: int, source: str | None = None) -> socket.socket:
    client = socket.create_connection((host, port), ANSWER_SECONDS, (source, 0) if source else None)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


@contextlib.contextmanager
def _alone(place: Place, patience: float | None) -> Iterator[None]:
    """Wait until no other process of the platform is logged in to this node."""
    descriptor = os.open(place.configuration / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if patience is None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        elif not wait_until(lambda: _locked(descriptor), patience):
            raise TimeoutError("Another process of the platform is logged in.")
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
