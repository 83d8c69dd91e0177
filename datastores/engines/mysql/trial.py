"""Logs in to a MySQL database over TLS as a client does."""

from __future__ import annotations

import ssl

import pymysql
from pymysql.constants import ER

from datastores.engines import trial
from datastores.engines.contract import Access

SECONDS = 5
FULL = (ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS)
# The server knows the login and does not let it in: by the number of its error, what the super admin can do.
REMEDIES = {
    ER.DBACCESS_DENIED_ERROR: "Grant it a right in that database as the super admin, such as SELECT.",
    3118: "The account is locked; ALTER USER … ACCOUNT UNLOCK opens it.",
    1820: "Its password has expired; give it a new one.",
}


def try_login(access: Access, ca_pem: str) -> None:
    """Log in and ask for one row; raises LoginFailure."""
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        connection = pymysql.connect(
            host=access.host,
            port=access.port,
            user=access.user,
            password=access.password,
            database=access.database,
            ssl=context,
            charset="utf8mb4",
            connect_timeout=SECONDS,
            read_timeout=SECONDS,
            write_timeout=SECONDS,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (pymysql.Error, OSError) as error:
        raise _meaning(error, access) from None


def _meaning(error: Exception, access: Access) -> trial.LoginFailure:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number == ER.ACCESS_DENIED_ERROR:
        return trial.wrong_password(access.user)
    if remedy := REMEDIES.get(number):
        return trial.no_right(access.user, access.database, remedy)
    if number == ER.BAD_DB_ERROR:
        return trial.no_database(access.database)
    return trial.full() if number in FULL else trial.unreachable(f"{access.host}:{access.port}")
