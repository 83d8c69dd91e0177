"""Logs in to a PostgreSQL database over TLS as a client does."""

from __future__ import annotations

import psycopg

from datastores.engines import trial
from datastores.engines.contract import Access

SECONDS = 5
# The server knows the login and does not let it in: by its words, what the super admin can do.
REMEDIES = (
    ("is not permitted to log in", 'Run ALTER ROLE "{user}" LOGIN as the super admin.'),
    ("permission denied for database", 'Run GRANT CONNECT ON DATABASE "{name}" TO "{user}" as the super admin.'),
    ("pg_hba.conf", "Choose a login of your own: this one is the platform's."),
    ("not currently accepting connections", "The database's owner has closed it to connections."),
)


def try_login(access: Access, ca_pem: str) -> None:
    """Log in and ask for one row; raises LoginFailure."""
    try:
        with (
            trial.ca_file(ca_pem) as ca,
            psycopg.connect(
                host=access.host,
                port=access.port,
                user=access.user,
                password=access.password,
                dbname=access.database,
                sslmode="verify-full",
                sslrootcert=str(ca),
                gssencmode="disable",
                connect_timeout=SECONDS,
                application_name="headwater-trial",
                autocommit=True,
            ) as connection,
        ):
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise _meaning(str(error), access) from None


def _meaning(message: str, access: Access) -> trial.LoginFailure:
    """Translate the server's words, which are English: it runs without a locale."""
    if "password authentication failed" in message or "no password supplied" in message:
        return trial.wrong_password(access.user)
    for words, remedy in REMEDIES:
        if words in message:
            return trial.no_right(access.user, access.database, remedy.format(user=access.user, name=access.database))
    if "does not exist" in message:
        return trial.no_database(access.database)
    if "connection slots are reserved" in message or "too many" in message:
        return trial.full()
    return trial.unreachable(f"{access.host}:{access.port}")
