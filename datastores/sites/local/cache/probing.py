"""Logs in to a cache as a client does, and says in words how that went."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from pathlib import Path

import redis

from datastores.sites.contract import Endpoint
from datastores.sites.local.cache.configuration import written_limit
from datastores.sites.local.cache.names import PROBE, probe_password
from datastores.sites.local.cache.sessions import ANSWER_SECONDS, FullError, session
from datastores.sites.local.engine import Place, ProbeFailure

LONGEST_ANSWER = 1024
# What the server may answer instead of "+OK" and "+PONG", and what that means. The first that is found counts.
ANSWERS = (
    ("LOADING", "The server is still reading its data."),
    ("WRONGPASS", "The server refuses the platform's own login."),
    ("NOPERM", "The server refuses the platform's own login."),
    ("BUSY", "A client's script has kept the server busy for over five seconds; SCRIPT KILL ends it."),
    ("MISCONF", "The server can't write to its disk, so it refuses changes. What it answered before is safe."),
    ("MASTERDOWN", "The server has lost its primary."),
)
MISNAMED = (62, 64)  # OpenSSL's codes for another host name and another IP address
CLOSED = "The connection was closed before the login: no server is behind the address."
CAUSES: tuple[tuple[type[OSError], str], ...] = (
    (ssl.SSLCertVerificationError, "The server's certificate can't be verified with the installation's CA."),
    (TimeoutError, f"The server did not answer within {ANSWER_SECONDS:.0f} seconds."),
    (socket.gaierror, "The host name of the address is unknown to this machine."),
    (ConnectionRefusedError, "Nothing listens at the address."),
    (ConnectionError, CLOSED),
    (ssl.SSLEOFError, CLOSED),
    (ssl.SSLZeroReturnError, CLOSED),
)


def probe(place: Place, endpoint: Endpoint, ca: Path) -> str:
    """Return the evidence, such as "Logged in over TLS 1.3 in 6 ms."; raises ProbeFailure.

    A server that is full answers that on its socket: it runs, and its clients are served.
    """
    with contextlib.ExitStack() as beside:
        # Holds the tenant's places free meanwhile. Without it the login below still measures.
        with contextlib.suppress(redis.RedisError, FileNotFoundError):
            try:
                beside.enter_context(session(place))
            except FullError:
                limit = written_limit(place)
                return f"The server runs; all {limit} connections are taken, so the platform did not log in."
        return _login(endpoint, ca, probe_password(place))


def _login(endpoint: Endpoint, ca: Path, password: str) -> str:
    began = time.perf_counter()
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with (
            socket.create_connection((endpoint.host, endpoint.port), ANSWER_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=endpoint.host) as client,
        ):
            client.sendall(f"AUTH {PROBE} {password}\r\nPING\r\n".encode())
            answer = _two_lines(client)
            version = str(client.version()).replace("TLSv", "TLS ")
    except OSError as error:
        raise ProbeFailure(meaning(error)) from None
    if answer != "+OK\r\n+PONG\r\n":
        raise ProbeFailure(next((words for part, words in ANSWERS if part in answer), "The login failed."))
    return f"Logged in over {version} in {(time.perf_counter() - began) * 1000:.0f} ms."


def _two_lines(client: ssl.SSLSocket) -> str:
    received = b""
    while received.count(b"\n") < 2 and len(received) < LONGEST_ANSWER:
        part = client.recv(LONGEST_ANSWER)
        if not part:
            raise ConnectionResetError
        received += part
    return received.decode(errors="replace")


def meaning(error: OSError) -> str:
    """Translate what went wrong on the way; an unknown cause is not shown, since nobody checked what it reveals."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in MISNAMED:
        return "The server's certificate bears another name."
    return next((words for kind, words in CAUSES if isinstance(error, kind)), "The login failed.")
