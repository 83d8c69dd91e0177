"""The SQL by which a node follows another one."""

from __future__ import annotations

from typing import Final

from pymysql.converters import escape_string

from datastores.sites.local.engine import Place
from datastores.sites.local.mysql import identity
from datastores.sites.local.mysql.names import EDGE_ADDRESS, STANDBY

CA_FILE: Final = "ca.pem"
KEEP_APPLYING: Final = "START REPLICA SQL_THREAD"
FOLLOW: Final = "START REPLICA"


def change_source(place: Place, port: int) -> str:
    """Return what leads to another source, allowed while what was received is still applied.

    It must be: without an applier that runs, the statement would throw away what was received, and the source that
    has it may be gone. A source is asked every second for a sign of life, and connected to again every second.
    """
    values: dict[str, str | int] = {
        "SOURCE_HOST": EDGE_ADDRESS,
        "SOURCE_PORT": port,
        "SOURCE_USER": STANDBY,
        "SOURCE_PASSWORD": "",
        "SOURCE_SSL": 1,
        "SOURCE_SSL_VERIFY_SERVER_CERT": 1,
        "SOURCE_SSL_CA": str(place.configuration / CA_FILE),
        "SOURCE_SSL_CERT": str(place.configuration / identity.CERTIFICATE_FILE),
        "SOURCE_SSL_KEY": str(place.configuration / identity.KEY_FILE),
        "SOURCE_CONNECT_RETRY": 1,
        "SOURCE_RETRY_COUNT": 0,
        "SOURCE_HEARTBEAT_PERIOD": 1,
    }
    options = ", ".join(f"{name} = {_literal(value)}" for name, value in values.items())
    return f"CHANGE REPLICATION SOURCE TO {options}"


def first_source(place: Place, port: int) -> str:
    """Return what leads to a source where there was none; the two find out by themselves what is missing."""
    return f"{change_source(place, port)}, SOURCE_AUTO_POSITION = 1"


def at_start(place: Place, port: int) -> str:
    """Return what a server runs when it starts as a standby. One without any history is still to be copied."""
    known = "SELECT COUNT(*) FROM mysql.slave_master_info WHERE Channel_name = ''"
    return "".join(
        (
            "SET @history = (SELECT @@GLOBAL.gtid_executed <> '');\n",
            f"SET @none = @history AND NOT ({known});\n",
            f"SET @other = @history AND ({known} AND Port <> {port});\n",
            _where("@other", KEEP_APPLYING),
            _where("@other", change_source(place, port)),
            _where("@none", first_source(place, port)),
            _where("@history", FOLLOW),
        )
    )


def _where(condition: str, statement: str) -> str:
    return f"SET @next = IF({condition}, {_literal(statement)}, 'DO 0');\nPREPARE next FROM @next;\nEXECUTE next;\n"


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f"'{escape_string(value)}'"
