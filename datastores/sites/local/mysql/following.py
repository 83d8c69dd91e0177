"""A standby's stream from its source: begun, led to another source, looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pymysql

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.gtids import count, plain
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.mysql.part import as_standby, update_part
from datastores.sites.local.mysql.statements import FOLLOW, change_source, first_source

READ_ONLY: Final = "SET GLOBAL super_read_only = ON, GLOBAL event_scheduler = OFF, GLOBAL transaction_read_only = OFF"
NO_ERROR: Final = 0
NOTHING_TO_STOP: Final = (1200, 1872)  # no source, or one whose settings can't be read any more


@dataclass(frozen=True)
class Stream:
    """What SHOW REPLICA STATUS says. ``received`` is whole transactions, on disk, applied or not."""

    port: int
    receives: bool
    applies: bool
    failed: bool  # what was received can't be applied
    received: str
    executed: str
    lag_seconds: float | None

    @classmethod
    def of(cls, session: Administration) -> Stream | None:
        """Ask the server; None where it has no source."""
        row = session.row("SHOW REPLICA STATUS")
        if not row or not row["Source_Host"]:
            return None
        lag = row["Seconds_Behind_Source"]
        return cls(
            port=int(str(row["Source_Port"])),
            receives=row["Replica_IO_Running"] == "Yes",
            applies=row["Replica_SQL_Running"] == "Yes",
            failed=row["Last_SQL_Errno"] != NO_ERROR,
            received=plain(str(row["Retrieved_Gtid_Set"])),
            executed=plain(str(row["Executed_Gtid_Set"])),
            lag_seconds=float(str(lag)) if lag is not None else None,
        )

    @property
    def held(self) -> str:
        """The transactions that this node has or will have once it has applied what it received."""
        return self.executed if self.failed or not self.received else f"{self.executed},{self.received}".strip(",")

    def position(self, session: Administration) -> int:
        """Return how many transactions ``held`` is."""
        if self.failed or not self.received:
            return count(self.executed)
        return count(self.executed) + count(missing(session, self.received, self.executed))


def missing(session: Administration, wanted: str, there: str) -> str:
    """Return those of ``wanted`` that are not ``there``."""
    return plain(str(session.execute(f"SELECT GTID_SUBTRACT('{wanted}', '{there}')")[0][0]))


def executed(session: Administration) -> str:
    """Return what the server has committed."""
    return plain(str(session.execute("SELECT @@GLOBAL.gtid_executed")[0][0]))


def follow(place: Place, source: Place) -> None:
    """Lead a running standby, or a primary that has stepped down, to ``source``; what it has received stays."""
    part = update_part(place, lambda before: as_standby(before, source))
    with administration(place) as session:
        session.execute(READ_ONLY)
        session.execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
        session.execute(f"SET GLOBAL rpl_semi_sync_replica_enabled = {'ON' if part.acknowledges else 'OFF'}")
        stream = Stream.of(session)
        if stream is not None and stream.failed:
            # What can't be applied (a log that a power cut tore) is received anew.
            forget_source(session)
            stream = None
        if stream is None:
            session.execute(first_source(place, source.port))
        else:
            session.execute("STOP REPLICA IO_THREAD")
            if not stream.applies:
                session.execute("START REPLICA SQL_THREAD")
            session.execute(change_source(place, source.port))
        session.execute(FOLLOW)


def forget_source(session: Administration) -> None:
    """Follow nobody, and drop what was received and is not applied."""
    try:
        session.execute("STOP REPLICA")
    except pymysql.MySQLError as error:
        if error.args[0] not in NOTHING_TO_STOP:
            raise
    session.execute("RESET REPLICA ALL")
