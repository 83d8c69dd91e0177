"""The service URI of MySQL, in the words of MySQL's own connection strings."""

from __future__ import annotations

from urllib.parse import quote

from datastores.engines.contract import Access

CA_FILE = "ca.pem"
SSL_MODE = "VERIFY_IDENTITY"


def service_uri(access: Access) -> str:
    """Return ``mysql://user:password@host:port/database?ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem``.

    ``ssl-mode`` and ``ssl-ca`` are the attributes that MySQL defines for URI-like connection strings; MySQL
    Shell and sqlx read them. A client that knows neither, and so would not ask for TLS, is refused by the
    server: nothing is ever sent in the clear.
    """
    return (
        f"mysql://{_quoted(access.user)}:{_quoted(access.password)}@{host_part(access.host)}:{access.port}"
        f"/{_quoted(access.database)}?ssl-mode={SSL_MODE}&ssl-ca={CA_FILE}"
    )


def jdbc_url(access: Access) -> str:
    """Return the URL that MySQL's JDBC driver takes; login and TLS are properties beside it."""
    return f"jdbc:mysql://{host_part(access.host)}:{access.port}/{_quoted(access.database)}"


def host_part(host: str) -> str:
    """Return a host as it stands before ``:port``: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _quoted(part: str) -> str:
    return quote(part, safe="")
