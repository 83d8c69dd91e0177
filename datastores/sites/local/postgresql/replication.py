"""How PostgreSQL nodes follow each other: streaming replication over TLS, with a slot for each standby."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from psycopg import sql

from datastores.sites.contract import Endpoint
from datastores.sites.local.canary import Canary
from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql import copying
from datastores.sites.local.postgresql.canary import CANARY_TABLE, PostgreSQLCanary
from datastores.sites.local.postgresql.logins import Connection, monitor_login, patient_login, platform_login
from datastores.sites.local.postgresql.names import STANDBY, standby_password
from datastores.sites.local.postgresql.part import slot_of, told, write_part, write_settings
from datastores.sites.local.postgresql.programs import last_checkpoint
from datastores.sites.local.postgresql.pulse import PostgreSQLPulse
from datastores.sites.local.pulse import Pulse
from datastores.sites.local.replication import NotAnswering, Replicating, Standing
from datastores.succession import Follower
from host.waiting import wait_until

# Received counts as held: it is flushed to the standby's disk, and a promotion applies it first. What was received
# before a restart is known again when it has been applied.
OWN: dict[bool, str] = {
    False: """
        SELECT pg_current_wal_flush_lsn() - '0/0', pg_current_wal_flush_lsn() - '0/0', false, NULL::int, NULL::float
    """,
    True: """
        SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0', pg_last_wal_replay_lsn() - '0/0',
               coalesce(stream.status = 'streaming', false), stream.sender_port,
               CASE WHEN stream.status IS DISTINCT FROM 'streaming' THEN NULL
                    WHEN stream.latest_end_lsn <= pg_last_wal_replay_lsn() THEN 0
                    ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END::float
        FROM (SELECT) AS always LEFT JOIN pg_stat_wal_receiver AS stream ON true
    """,
}
FOLLOWERS = """
    SELECT application_name, flush_lsn - '0/0', sync_state IN ('sync', 'quorum')
    FROM pg_stat_replication WHERE usename = %s AND state = 'streaming' AND flush_lsn IS NOT NULL
"""
HAND_OVER_SECONDS = 2.0
PROMOTE_SECONDS = 0.5
LOOK_SECONDS = 0.001
OWN_SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'node\\_%' AND slot_type = 'physical'"
END_STREAM = """
    SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s AND active_pid IS NOT NULL
"""


class ReplicatingPostgreSQL(Replicating):
    """Streaming replication, synchronous with any one of the standbys."""

    stops_to_step_down: ClassVar[bool] = True
    close_enough: ClassVar[int] = 16 * 2**20

    def write_part(self, place: Place, source: Place | None, synchronous: Iterable[str]) -> None:
        """Write settings and signal file (see ``part.write_part``)."""
        write_part(place, source, synchronous)

    def prepare_primary(self, place: Place, standbys: Iterable[Place]) -> None:
        """Make the standbys' role where it is missing, and a slot for each; slots of nodes that are gone are dropped,
        because a slot keeps the log for as long as it is there."""
        wanted = {slot_of(standby) for standby in standbys}
        with platform_login(place) as connection:
            # Standbys follow in this as in all else; but one that is being made can't confirm it.
            connection.execute("SET synchronous_commit = local")
            _make_role(connection)
            for statement in CANARY_TABLE:
                connection.execute(statement)
            there = {str(row[0]) for row in connection.execute(OWN_SLOTS)}
            for slot in sorted(there - wanted):
                connection.execute(END_STREAM, [slot])
                connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
            for slot in sorted(wanted - there):
                connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [slot])

    def copy(self, place: Place, source: Place) -> str | None:
        """Take a base backup (see ``copying.copy``)."""
        return copying.copy(place, source)

    def rewind(self, place: Place, source: Place) -> bool | None:
        """Run pg_rewind (see ``copying.rewind``)."""
        return copying.rewind(place, source)

    def follow(self, place: Place, source: Place) -> None:
        """Change over to another primary; its timeline is followed. The stream is begun anew at once."""
        write_part(place, source, ())
        with platform_login(place) as connection:
            connection.execute("SELECT pg_reload_conf()")

    def promote(self, place: Place) -> bool:
        """Have the standby end its recovery as a primary that waits for nobody. The session outlives the promotion, so
        the end is seen over it: a login for each look would take longer than what it waits for."""
        write_settings(place, None, ())  # the signal file is the promotion's own to remove
        with platform_login(place) as connection:
            connection.execute("SELECT pg_reload_conf()")
            if not _in_recovery(connection):
                return True
            connection.execute("SELECT pg_promote(wait => false)")
            return wait_until(lambda: not _in_recovery(connection), PROMOTE_SECONDS, first_pause=LOOK_SECONDS)

    def step_down(self, place: Place, standby: Place) -> None:
        """A clean shutdown sends everything to the standbys before it ends; the proof is that the standby has received
        its last record, the checkpoint."""
        end = last_checkpoint(place)
        if end is None or not wait_until(lambda: self.standing(standby).position > end, HAND_OVER_SECONDS):
            raise NotAnswering("The standby has not received everything that the primary wrote.")

    def take_back(self, place: Place) -> None:
        """Start as the primary again; it waits for nobody until the monitor tells it."""
        write_part(place, None, ())

    def set_synchronous(self, place: Place, names: Iterable[str]) -> None:
        """Write whom to wait for, for the next start too, and have the server read it."""
        with patient_login(place) as connection:
            waits = bool(told(_one(connection, "SHOW synchronous_standby_names")[0]))
            write_part(place, None, names)
            connection.execute("SELECT pg_reload_conf()")
            if not waits and names:
                # The checkpointer decides whether commits wait, and reads its settings when it comes to it: a
                # checkpoint that was asked for after the reload is the proof that it has.
                connection.execute("CHECKPOINT")

    def standing(self, place: Place) -> Standing:
        """Ask for recovery, positions and followers; raises NotAnswering."""
        try:
            with monitor_login(place) as connection:
                return _standing(connection)
        except psycopg.Error:
            raise NotAnswering("The server did not answer the platform.") from None

    def vital(self, place: Place) -> Path:
        """Return the control file: no server starts or recovers without it."""
        return place.data / "global" / "pg_control"

    def canary(self, endpoint: Endpoint, ca: Path) -> Canary:
        """Return the probe's login, with a table in the platform's own database."""
        return PostgreSQLCanary(endpoint, ca)

    def pulse(self, place: Place) -> Pulse:
        """Return a kept session that runs an empty query each time."""
        return PostgreSQLPulse(place)


def _make_role(connection: Connection) -> None:
    """Make the standbys' role where it is missing; only its verifier is sent, so no log can hold the password."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [STANDBY]).fetchone():
        return
    verifier = connection.pgconn.encrypt_password(standby_password().encode(), STANDBY.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN REPLICATION PASSWORD {}").format(
            sql.Identifier(STANDBY), sql.Literal(verifier.decode())
        )
    )


def _standing(connection: Connection) -> Standing:
    in_recovery = _in_recovery(connection)
    position, applied, following, port, lag = _one(connection, OWN[in_recovery])
    if in_recovery:
        return Standing(
            writable=False,
            position=int(position),
            applied=int(applied),
            following=following,
            source_port=port,
            lag_seconds=lag,
        )
    names = _one(connection, "SHOW synchronous_standby_names")[0]
    rows = connection.execute(FOLLOWERS, [STANDBY]).fetchall()
    return Standing(
        writable=True,
        position=int(position),
        applied=int(applied),
        followers={str(name): Follower(int(flushed), waited) for name, flushed, waited in rows},
        told=told(names),
    )


def _in_recovery(connection: Connection) -> bool:
    return bool(_one(connection, "SELECT pg_is_in_recovery()")[0])


def _one(connection: Connection, statement: str) -> tuple[Any, ...]:
    row = connection.execute(statement).fetchone()
    if row is None:
        raise psycopg.OperationalError("the server gave no answer")
    return row
