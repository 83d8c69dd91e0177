"""The platform's two ways into a PostgreSQL node, neither of which takes a tenant's connection.

A connection in replication mode runs plain SQL too, and since version 12 PostgreSQL counts it apart from
``max_connections``. So the platform can be logged in while tenants hold exactly as many connections as their
plan allows. A tenant's super admin may replicate and could use up that other kind; then both logins fall back
on slots of ``max_connections`` that are reserved for them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg import conninfo
from psycopg.abc import PQGen

from datastores.sites.contract import Endpoint
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE, PROBE, probe_password

# What is in the search path runs with the platform's rights. Activity is hidden: tenants may watch it.
SAFE_SESSION = "-c search_path=pg_catalog,pg_temp -c track_activities=off"
# The platform's own changes are small, and needed while a full disk stops everybody else's.
WRITES = "-c default_transaction_read_only=off"
ANSWER_SECONDS = 3
T = TypeVar("T")
NO_WAL_SENDER = "max_wal_senders"

Connection = psycopg.Connection[tuple[Any, ...]]


class BoundedConnection(Connection):
    """A connection that hangs up on a server which does not answer a statement: libpq itself waits for ever.

    A frozen server would otherwise hold the worker's thread, and with it the watch over all other stores.
    """

    answer_seconds: ClassVar[float] = 5.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for an answer; raises OperationalError when it does not come in time, and the connection is over then."""
        patience = self.answer_seconds if timeout is None else timeout
        began = time.monotonic()
        try:
            return super().wait(gen, interval, patience)
        except psycopg.Error as error:
            if time.monotonic() - began < patience:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the server did not answer within {patience:.0f} seconds") from error


class PatientConnection(BoundedConnection):
    """For looking into a tenant's databases and making extensions, with a person waiting."""

    answer_seconds: ClassVar[float] = 30.0


class HastyConnection(BoundedConnection):
    """For the monitor, which asks many servers in turn and comes again soon."""

    answer_seconds: ClassVar[float] = 1.0


def platform_login(place: Place) -> Connection:
    """Log in as the platform's superuser over the node's socket. Every statement commits by itself."""
    return _platform(place, f"{SAFE_SESSION} {WRITES}")


def bystander_login(place: Place) -> Connection:
    """Log in as the platform with the server's default for writes, as everybody else gets it."""
    return _platform(place, SAFE_SESSION)


def visiting_login(place: Place, database: str, options: str) -> Connection:
    """Log in as the platform inside a tenant's database, where nothing but catalogues may be touched (see ``databases``)."""
    return _platform(place, f"{SAFE_SESSION} {WRITES} {options}", database, PatientConnection)


def patient_login(place: Place) -> Connection:
    """Log in as the platform for what may take longer, such as a checkpoint."""
    return _platform(place, f"{SAFE_SESSION} {WRITES}", kind=PatientConnection)


def monitor_login(place: Place) -> Connection:
    """Log in as the platform for a look at the replication, which is given up after a second."""
    return _platform(place, SAFE_SESSION, kind=HastyConnection)


def pulse_parameters(place: Place) -> bytes:
    """Return libpq's parameters of the session over which the monitor asks for signs of life."""
    return conninfo.make_conninfo(
        "",
        **_parameters(place, SAFE_SESSION, PLATFORM_DATABASE),
        replication="database",
        application_name="headwater",
        gssencmode="disable",
    ).encode()


def probe_login(endpoint: Endpoint, ca: Path) -> Connection:
    """Log in as the probe at the stable address, over TLS with the server's name verified."""
    return _connect(
        BoundedConnection,
        host=endpoint.host,
        port=endpoint.port,
        user=PROBE,
        dbname=PLATFORM_DATABASE,
        password=probe_password(),
        sslmode="verify-full",
        sslrootcert=str(ca),
        require_auth="scram-sha-256",
    )


def _platform(
    place: Place,
    options: str,
    database: str = PLATFORM_DATABASE,
    kind: type[BoundedConnection] = BoundedConnection,
) -> Connection:
    return _connect(kind, **_parameters(place, options, database))


def _parameters(place: Place, options: str, database: str) -> dict[str, str | int]:
    return {
        "host": str(place.sockets),
        "port": place.port,
        "user": PLATFORM,
        "dbname": database,
        "options": options,
        "sslmode": "disable",
    }


def _connect(kind: type[BoundedConnection], **parameters: str | int) -> Connection:
    try:
        return _open(kind, replication="database", **parameters)
    except psycopg.OperationalError as error:
        if NO_WAL_SENDER not in str(error):
            raise
        return _open(kind, **parameters)


def _open(kind: type[BoundedConnection], **parameters: str | int) -> Connection:
    return kind.connect(
        autocommit=True,
        # Statements with their values filled in by the client: replication mode has no others.
        cursor_factory=psycopg.ClientCursor,
        connect_timeout=ANSWER_SECONDS,
        application_name="headwater",
        gssencmode="disable",
        **parameters,  # type: ignore[arg-type]  # libpq's own parameters
    )
