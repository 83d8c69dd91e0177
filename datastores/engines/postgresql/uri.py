"""The service URI of PostgreSQL, as libpq and the drivers that follow it read it."""

from __future__ import annotations

from urllib.parse import quote

from datastores.engines.contract import Access

CA_FILE = "ca.pem"
SSL_MODE = "verify-full"


def service_uri(access: Access) -> str:
    """Return ``postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=ca.pem``.

    The URI verifies the server, and it fails closed: without ``ca.pem`` in the working directory a client
    names the missing file, where ``sslmode=require`` would go on to whoever answers. libpq, psycopg, pgx,
    asyncpg and node-postgres understand both parameters. The scheme is ``postgresql``, because SQLAlchemy
    refuses ``postgres``.
    """
    return (
        f"postgresql://{_quoted(access.user)}:{_quoted(access.password)}@{_host(access.host)}:{access.port}"
        f"/{_quoted(access.database)}?sslmode={SSL_MODE}&sslrootcert={CA_FILE}"
    )


def jdbc_url(access: Access) -> str:
    """Return the URL that the JDBC driver takes; login and TLS are properties beside it."""
    return f"jdbc:postgresql://{_host(access.host)}:{access.port}/{_quoted(access.database)}"


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
