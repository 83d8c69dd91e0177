"""Logs in to a PostgreSQL node as a client does, and says in words how that went."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from datastores.sites.contract import Endpoint
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.postgresql.logins import ANSWER_SECONDS, probe_login

TLS_VERSION = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
# What libpq's and the server's messages contain, and what that means. The first that is found counts.
MEANINGS = (
    ("does not match host name", "The server's certificate bears another name."),
    ("certificate verify failed", "The server's certificate can't be verified with the installation's CA."),
    ("password authentication failed", "The server refuses the platform's own login."),
    ("starting up", "The server is still starting."),
    ("not yet accepting connections", "The server is still starting."),
    ("shutting down", "The server is shutting down."),
    ("recovery mode", "The server is recovering from a crash."),
    ("connection slots are reserved", "The server has no connection left for the platform."),
    ("too many clients", "The server has no connection left, not even a reserved one."),
    ("timeout expired", f"The server did not answer within {ANSWER_SECONDS} seconds."),
    ("closed the connection", "The connection was closed before the login: no server is behind the address."),
    ("Connection refused", "Nothing listens at the address."),
    ("resolve host name", "The host name of the address is unknown to this machine."),
    ("could not translate host name", "The host name of the address is unknown to this machine."),
)


def probe(endpoint: Endpoint, ca: Path) -> str:
    """Return the evidence, such as "Logged in over TLS 1.3 in 6 ms."; raises ProbeFailure."""
    began = time.perf_counter()
    try:
        with probe_login(endpoint, ca) as connection:
            row = connection.execute(TLS_VERSION).fetchone()
    except psycopg.Error as error:
        raise ProbeFailure(meaning(str(error))) from None
    milliseconds = (time.perf_counter() - began) * 1000
    version = str(row[0]).replace("TLSv", "TLS ") if row else ""
    if not version.startswith("TLS "):
        raise ProbeFailure("The server answered without TLS.")
    return f"Logged in over {version} in {milliseconds:.0f} ms."


def meaning(message: str) -> str:
    """Translate a driver's message; an unknown one is not shown, since nobody checked what it reveals."""
    return next((words for part, words in MEANINGS if part in message), "The login failed.")
