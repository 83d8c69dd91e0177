"""Making a standby's data: the running server fetches its primary's files itself (CLONE), over TLS, and starts anew.

The statement takes as long as the data are large. It needs nobody who waits for it: it is sent, and the server carries
on when the sender is gone.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Final

import pymysql
from pymysql.constants import CR

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql.configuration import CA_FILE
from datastores.sites.local.mysql.following import executed, forget_source, missing
from datastores.sites.local.mysql.gtids import plain
from datastores.sites.local.mysql.identity import CERTIFICATE_FILE, KEY_FILE
from datastores.sites.local.mysql.log_of_changes import written
from datastores.sites.local.mysql.logins import Administration, administration, platform_login
from datastores.sites.local.mysql.names import EDGE_ADDRESS, PLATFORM, STANDBY
from datastores.sites.local.replication import CopyFailed, NotAnswering
from datastores.sites.local.usage import used_bytes
from datastores.storage import GIB
from host.files import write_private

LOOK_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.05
ASK_SECONDS: Final = 1.0
SEND_SECONDS: Final = 0.2  # an answer that comes sooner says that the copy could not begin
COPY_FILE: Final = "copy.json"  # while a copy is made: what the server had before
COPIED_FILE: Final = "copied.json"  # after it: what the server had then; its own log of changes begins there
# The server's own notes beside its data: what is done to the files at its next start; how the last copy ended.
TO_FIX_FILE: Final = Path("#clone") / "#status_fix"
STATUS_FILE: Final = Path("#clone") / "#view_status"
STATUS_ERROR_LINE: Final = 3
RESTARTING: Final = "The server starts with the data that it has copied."


def copy(place: Place, source: Place) -> str | None:
    """Go on for some seconds; None when the server has its primary's data and can follow. Raises CopyFailed."""
    until = time.monotonic() + LOOK_SECONDS
    while (said := _look(place, source)) is not None and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
    return said


def can_follow(source: Place, history: str) -> bool:
    """Whether a server with this history has nothing that ``source`` lacks, and ``source`` still has in its log what
    that server lacks."""
    try:
        with administration(source) as session:
            there = executed(session)
            contained = not missing(session, history, there)
            purged = plain(str(session.execute("SELECT @@GLOBAL.gtid_purged")[0][0]))
            kept = not missing(session, purged, history)
    except (pymysql.Error, OSError):
        raise NotAnswering("The primary did not answer the platform.") from None
    return contained and kept


def history_of(place: Place, *, seconds: float) -> str:
    """Return every transaction that a stopped server has: what was copied to it, and what it has written into its own
    log since. Raises Unreadable."""
    own = written(place.data, seconds=seconds)
    try:
        copied = json.loads((place.configuration / COPIED_FILE).read_text())
        server = (place.data / "auto.cnf").read_text()
    except FileNotFoundError:
        return own
    return ",".join(part for part in (copied["had"], own) if part) if copied["server"] in server else own


def _look(place: Place, source: Place) -> str | None:
    note = place.configuration / COPY_FILE
    try:
        with administration(place, seconds=ASK_SECONDS) as session:
            if _is_copying(session):
                return _progress(place, source)
            history, server = executed(session), session.execute("SELECT @@server_uuid")[0][0]
    except (pymysql.Error, OSError):
        return RESTARTING
    if (place.data / TO_FIX_FILE).exists():  # looked for last: it is there before the copy's session has gone
        return RESTARTING
    if history and history != _had(note) and can_follow(source, history):
        write_private(place.configuration / COPIED_FILE, json.dumps({"server": server, "had": history}))
        note.unlink(missing_ok=True)
        return None
    if note.exists():
        note.unlink()
        raise CopyFailed(f"The copy of the primary's data ended early{_reason(place)}.")
    _begin(place, source, history)
    return "The copy of the primary's data begins."


def _begin(place: Place, source: Place, history: str) -> None:
    write_private(place.configuration / COPY_FILE, json.dumps({"had": history}))
    files = {"ca": CA_FILE, "cert": CERTIFICATE_FILE, "key": KEY_FILE}
    with administration(place) as session:
        forget_source(session)
        for name, file in files.items():
            session.execute(f"SET GLOBAL clone_ssl_{name} = '{place.configuration / file}'")
        session.execute(f"SET GLOBAL clone_valid_donor_list = '{EDGE_ADDRESS}:{source.port}'")
        session.execute("SET GLOBAL super_read_only = OFF")  # the copy counts as writing; tenants stay kept out
        _send(place, f"CLONE INSTANCE FROM '{STANDBY}'@'{EDGE_ADDRESS}':{source.port} IDENTIFIED BY '' REQUIRE SSL")
    with contextlib.suppress(pymysql.Error, OSError), administration(source):
        pass  # makes up for the copy's connections among the tenants'


def _send(place: Place, statement: str) -> None:
    """Send a statement and hang up."""
    try:
        with platform_login(place, SEND_SECONDS) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
    except pymysql.MySQLError as error:
        if error.args[0] != CR.CR_SERVER_LOST:
            (place.configuration / COPY_FILE).unlink()
            raise CopyFailed(f"The copy of the primary's data did not begin: MySQL error {error.args[0]}.") from None


def _is_copying(session: Administration) -> bool:
    """Whether another session of the platform is in: nobody else keeps one open."""
    own = session.execute("SELECT CONNECTION_ID()")[0][0]
    return any(row[1] == PLATFORM and row[0] != own for row in session.execute("SHOW PROCESSLIST"))


def _progress(place: Place, source: Place) -> str:
    # The log of changes is not copied.
    log = sum(file.stat().st_size for file in source.data.glob("binlog.[0-9]*"))
    there, whole = used_bytes(place.data), max(1, used_bytes(source.data) - log)
    return f"Copying the primary's data: {min(there, whole) / GIB:.1f} of about {whole / GIB:.1f} GiB."


def _had(note: Path) -> str | None:
    try:
        return str(json.loads(note.read_text())["had"])
    except FileNotFoundError:
        return None


def _reason(place: Place) -> str:
    with contextlib.suppress(OSError, IndexError, ValueError):
        number = int((place.data / STATUS_FILE).read_text().splitlines()[STATUS_ERROR_LINE])
        return f": MySQL error {number}" if number else ""
    return ""
