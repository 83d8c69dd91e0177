"""Logs in to a MySQL node as a client does, and says in words how that went."""

from __future__ import annotations

import time
from pathlib import Path

import pymysql
from pymysql.constants import CR, ER

from datastores.sites.contract import Endpoint
from datastores.sites.local.engine import Place, ProbeFailure
from datastores.sites.local.mysql.logins import ANSWER_SECONDS, Administration, administration, probe_login
from datastores.sites.local.mysql.names import NO_TENANTS

TLS_VERSION = "SHOW SESSION STATUS LIKE 'Ssl_version'"
# The driver's and the server's error numbers, and what they mean.
NUMBERS = {
    ER.ACCESS_DENIED_ERROR: "The server refuses the platform's own login.",
    ER.CON_COUNT_ERROR: "The server has no connection left, and not because tenants are logged in.",
    ER.SERVER_SHUTDOWN: "The server is shutting down.",
    CR.CR_SERVER_LOST: "The connection was closed before the login: no server is behind the address.",
    CR.CR_SERVER_GONE_ERROR: "The connection was closed before the login: no server is behind the address.",
}
# What messages contain, where numbers tell less. The first that is found counts.
MEANINGS = (
    ("doesn't match", "The server's certificate bears another name."),
    ("not valid for", "The server's certificate bears another name."),
    ("mismatch", "The server's certificate bears another name."),
    ("certificate verify failed", "The server's certificate can't be verified with the installation's CA."),
    ("SSL is required", "The server answered without TLS."),
    ("timed out", f"The server did not answer within {ANSWER_SECONDS} seconds."),
    ("Connection refused", "Nothing listens at the address."),
    ("No such file", "The server is not running or still starting."),
    ("Name or service not known", "The host name of the address is unknown to this machine."),
    ("name resolution", "The host name of the address is unknown to this machine."),
)


def probe(place: Place, endpoint: Endpoint, ca: Path) -> str:
    """Return the evidence, such as "Logged in over TLS 1.3 in 6 ms."; raises ProbeFailure."""
    try:
        with administration(place) as session:
            return _log_in(session, endpoint, ca)
    except (pymysql.Error, OSError) as error:
        raise ProbeFailure(meaning(error)) from None


def meaning(error: Exception) -> str:
    """Translate an error; an unknown one's words are not shown, since nobody checked what they reveal."""
    said = next((words for part, words in MEANINGS if part in str(error)), None)
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return said or NUMBERS.get(number, "The login failed.")


def _log_in(session: Administration, endpoint: Endpoint, ca: Path) -> str:
    began = time.perf_counter()
    try:
        with probe_login(endpoint, ca, session) as connection, connection.cursor() as cursor:
            cursor.execute(TLS_VERSION)
            row = cursor.fetchone()
            milliseconds = (time.perf_counter() - began) * 1000
    except pymysql.err.OperationalError as error:
        if error.args[0] == ER.CON_COUNT_ERROR and _is_full(session):
            return f"The server answers; all {session.limit} connections are in use and more are asked for."
        raise
    version = str(row[1]).replace("TLSv", "TLS ") if row else ""
    if not version.startswith("TLS "):
        raise ProbeFailure("The server answered without TLS.")
    return f"Logged in over {version} in {milliseconds:.0f} ms."


def _is_full(session: Administration) -> bool:
    """Whether tenants that have logged in hold every connection of their plan."""
    users = [str(row[1]) for row in session.execute("SHOW PROCESSLIST")]
    return sum(user not in NO_TENANTS for user in users) >= session.limit
