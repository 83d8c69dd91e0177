"""The service URI of a cache, as redis-cli, valkey-cli and the drivers read it."""

from __future__ import annotations

from urllib.parse import quote

from datastores.engines.contract import Access

CA_FILE = "ca.pem"


def service_uri(access: Access) -> str:
    """Return ``rediss://user:password@host:port``.

    The scheme with two s means TLS from the first byte. There is no common way to name the CA in it: each
    driver takes it beside the URI, as the snippets show. The database is left out: it is 0 for every client.
    """
    return (
        f"rediss://{quote(access.user, safe='')}:{quote(access.password, safe='')}@{bracketed(access.host)}"
        f":{access.port}"
    )


def python_uri(access: Access, database: int = 0) -> str:
    """Return the URI with redis-py's own parameters: it verifies certificate and host name.

    Kombu, which Celery speaks through, wants the requirement spelled out and refuses the URI without it.
    """
    return f"{service_uri(access)}/{database}?ssl_cert_reqs=required&ssl_ca_certs={CA_FILE}"


def bracketed(host: str) -> str:
    """Return an IPv6 address as URIs have it, anything else unchanged."""
    return f"[{host}]" if ":" in host else host
