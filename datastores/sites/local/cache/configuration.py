"""Writes a cache node's settings, all of it outside the data directory."""

from __future__ import annotations

import re

from datastores.engines.cache.settings import CacheSettings, Setting, server_settings
from datastores.limits import cache_clients
from datastores.sites.local.cache.logins import LOGINS_FILE
from datastores.sites.local.cache.names import socket_file
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE
from datastores.sites.local.engine import Place, Sizing
from host.files import write_private

SETTINGS_FILE = "valkey.conf"
WRITES_FILE = "writes.conf"  # says more than a comment while writes are stopped (see ``read_only``)
PROCESS_FILE = "valkey.pid"
NOTE = "# Written by Headwater; changes are lost at the next start.\n"
LIMIT = re.compile(r"^maxclients (\d+)$", re.MULTILINE)


def write_configuration(place: Place, sizing: Sizing, settings: CacheSettings) -> None:
    """Write the settings; they count from the next start."""
    for directory in (place.configuration, place.sockets):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (place.configuration / WRITES_FILE).exists():
        write_private(place.configuration / WRITES_FILE, NOTE)  # the server starts only with it
    wanted = {**_of_plan(sizing, settings), **_of_place(place)}
    # An empty file would be taken for a server without TLS and logins.
    write_private(place.configuration / SETTINGS_FILE, NOTE + render(wanted), durable=True)


def render(settings: dict[str, Setting]) -> str:
    """Return the text of a valkey.conf, every value quoted as its reader unquotes it."""
    return "".join(f"{name} {_quoted(value)}\n" for name, value in settings.items())


def written_limit(place: Place) -> int:
    """Return the clients that the node's settings allow; raises FileNotFoundError before they are written."""
    found = LIMIT.search((place.configuration / SETTINGS_FILE).read_text())
    if found is None:
        raise ValueError(f"{SETTINGS_FILE} of {place.name} names no maxclients")
    return int(found.group(1))


def _of_plan(sizing: Sizing, settings: CacheSettings) -> dict[str, Setting]:
    return server_settings(
        ram_gib=sizing.plan.ram_gib,
        clients=cache_clients(sizing.plan),
        development=sizing.development,
        settings=settings,
    )


def _of_place(place: Place) -> dict[str, Setting]:
    return {
        "port": 0,  # no plain text, for nobody
        "tls-port": place.port,
        "bind": "127.0.0.1",
        "tls-cert-file": str(place.configuration / CERTIFICATE_FILE),
        "tls-key-file": str(place.configuration / KEY_FILE),
        "tls-auth-clients": "no",
        "tls-protocols": "TLSv1.2 TLSv1.3",
        "tls-ciphers": "HIGH:!aNULL:!eNULL:!3DES:!SHA1",
        "tls-prefer-server-ciphers": True,
        "unixsocket": str(socket_file(place)),
        "unixsocketperm": "700",
        "dir": str(place.data),
        "pidfile": str(place.data / PROCESS_FILE),
        "aclfile": str(place.configuration / LOGINS_FILE),
        "include": str(place.configuration / WRITES_FILE),  # last: what it says counts
    }


def _quoted(value: Setting) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
