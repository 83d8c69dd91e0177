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

from datastores.sites.contract import Endpoint
from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.configuration import configured, socket_file
from datastores.sites.local.mysql.names import (
    ADMIN_ADDRESS,
    PLATFORM,
    PROBE,
    platform_password,
    probe_password,
)
from host.authority import Authority

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
    """The platform's session in a node, which knows how many connections tenants may hold."""

    def __init__(self, connection: Connection, limit: int) -> None:
        self.limit = limit
        self._connection = connection

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement and return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def make_room(self, own: int) -> None:
        """Let tenants have their limit beside ``own`` connections of the platform."""
        self.execute(f"SET GLOBAL max_connections = {self.limit + own}")


@contextlib.contextmanager
def administration(place: Place) -> Iterator[Administration]:
    """Log in as the platform without taking a tenant's connection."""
    with _alone(place), platform_login(place) as connection:
        session = Administration(connection, configured(place, "max_connections"))
        session.make_room(1)
        try:
            yield session
        finally:
            # A lost connection is gone anyway; the next session sets the figure again.
            with contextlib.suppress(pymysql.Error):
                session.make_room(0)


def platform_login(place: Place) -> Connection:
    """Log in as the platform: over the node's socket, else at the administrative address."""
    # Without TLS: even where it is not used, preparing it would take longer than all the rest.
    connection = _connection(
        PLATFORM,
        platform_password(),
        unix_socket=str(socket_file(place)),
        ssl_disabled=True,
    )
    try:
        connection.connect()
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.CON_COUNT_ERROR:
            raise
        ca = Authority(settings.HOME).certificate_file
        connection = _connection(PLATFORM, platform_password(), ssl=trusting(ca))
        connection.connect(_reach(ADMIN_ADDRESS, place.port, source=ADMIN_ADDRESS))
    return connection


@contextlib.contextmanager
def probe_login(endpoint: Endpoint, ca: Path, session: Administration) -> Iterator[Connection]:
    """Log in as the probe at the stable address, over TLS with the server's name verified.

    ``session`` makes room for it once the server has counted it, which is when it sends its greeting, and takes
    the room back before the server stops counting it: a second handle keeps the connection open until then.
    """
    connection = _connection(PROBE, probe_password(), host=endpoint.host, ssl=trusting(ca))
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


def trusting(ca: Path) -> ssl.SSLContext:
    """Return TLS as a strict client wants it: version 1.2 or newer, chain and name verified."""
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _connection(user: str, password: str, **parameters: object) -> Connection:
    return pymysql.connect(  # type: ignore[call-overload,no-any-return]
        **{"host": "localhost"} | parameters,
        user=user,
        password=password,
        autocommit=True,
        defer_connect=True,
        charset="utf8mb4",
        init_command=SAFE_SESSION,
        connect_timeout=ANSWER_SECONDS,
        read_timeout=ANSWER_SECONDS,
        write_timeout=ANSWER_SECONDS,
    )


def _reach(host: str, port: int, source: str | None = None) -> socket.socket:
    client = socket.create_connection((host, port), ANSWER_SECONDS, (source, 0) if source else None)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


@contextlib.contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Wait until no other process of the platform is logged in to this node."""
    descriptor = os.open(place.configuration / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
