"""Writes a cache node's settings, all of it outside the data directory."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings as installation

from datastores.engines.cache.settings import CacheSettings, Setting, server_settings
from datastores.limits import cache_clients
from datastores.sites.local.cache.logins import LOGINS_FILE
from datastores.sites.local.cache.names import socket_file
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE
from datastores.sites.local.engine import Place, Sizing
from host.authority import Authority
from host.files import write_private

SETTINGS_FILE = "valkey.conf"
CA_FILE = "ca.pem"
PART_FILE = "replication.conf"  # whom the node follows (see ``part``)
# Made with the data directory, beside the append-only files. A server whose data were lost must not start: it would
# serve an empty store, and standbys would copy that. Valkey does not start without a file that it is to include.
MADE_FILE = "appendonlydir/made.conf"
WRITES_FILE = "writes.conf"  # says more than a comment while writes are stopped (see ``read_only``)
PROCESS_FILE = "valkey.pid"
NOTE = "# Written by Headwater; changes are lost at the next start.\n"
LIMIT = re.compile(r"^maxclients (\d+)$", re.MULTILINE)


def write_configuration(place: Place, sizing: Sizing, settings: CacheSettings) -> None:
    """Write the settings; they count from the next start."""
    for directory in (place.configuration, place.sockets):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _mark_as_made(place)
    for name in (PART_FILE, WRITES_FILE):
        if not (place.configuration / name).exists():
            write_private(place.configuration / name, NOTE)  # the server starts only with it
    write_private(place.configuration / CA_FILE, Authority(installation.HOME).certificate_file.read_text())
    wanted = {**_of_plan(sizing, settings), **_of_place(place)}
    # What the last of these files says counts.
    included = (place.data / MADE_FILE, place.configuration / PART_FILE, place.configuration / WRITES_FILE)
    text = render(wanted) + "".join(render({"include": str(path)}) for path in included)
    # An empty file would be taken for a server without TLS and logins.
    write_private(place.configuration / SETTINGS_FILE, NOTE + text, durable=True)


def _mark_as_made(place: Place) -> None:
    """Write the mark into a data directory of before there were marks, once: when settings are written that need it."""
    file = place.configuration / SETTINGS_FILE
    if place.data.exists() and not (file.exists() and MADE_FILE in file.read_text()):
        made = place.data / MADE_FILE
        made.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(made, NOTE)


def render(settings: dict[str, Setting]) -> str:
    """Return the text of a valkey.conf, every value quoted as its reader unquotes it."""
    return "".join(f"{name} {_quoted(value)}\n" for name, value in settings.items())


def written_limit(place: Place) -> int:
    """Return the connections that the node's settings allow: the plan's clients, and the replication's on top.

    Raises FileNotFoundError before they are written.
    """
    limit = _limit_of(place.configuration / PART_FILE) or plan_limit(place)
    if limit is None:
        raise FileNotFoundError(place.configuration / SETTINGS_FILE)
    return limit


def plan_limit(place: Place) -> int | None:
    """Return the plan's clients as the node's settings say them; None before they are written."""
    return _limit_of(place.configuration / SETTINGS_FILE)


def _limit_of(file: Path) -> int | None:
    found = LIMIT.search(file.read_text()) if file.exists() else None
    return int(found.group(1)) if found else None


def _of_plan(sizing: Sizing, settings: CacheSettings) -> dict[str, Setting]:
    return server_settings(
        ram_gib=sizing.plan.ram_gib,
        clients=cache_clients(sizing.plan),
        development=sizing.development,
        settings=settings,
        standbys=sizing.plan.node_count - 1,
    )


def _of_place(place: Place) -> dict[str, Setting]:
    return {
        "port": 0,  # no plain text, for nobody
        "tls-port": place.port,
        "bind": "127.0.0.1",
        "tls-cert-file": str(place.configuration / CERTIFICATE_FILE),
        "tls-key-file": str(place.configuration / KEY_FILE),
        "tls-ca-cert-file": str(place.configuration / CA_FILE),  # of the primary, whose certificate a standby verifies
        "tls-auth-clients": "no",
        "tls-replication": True,
        "tls-protocols": "TLSv1.2 TLSv1.3",
        "tls-ciphers": "HIGH:!aNULL:!eNULL:!3DES:!SHA1",
        "tls-prefer-server-ciphers": True,
        "unixsocket": str(socket_file(place)),
        "unixsocketperm": "700",
        "replica-announce-ip": place.name,  # what its primary lists it as; nobody connects to it by that
        "dir": str(place.data),
        "pidfile": str(place.data / PROCESS_FILE),
        "aclfile": str(place.configuration / LOGINS_FILE),
    }


def _quoted(value: Setting) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
