"""The platform's own logins inside a cache, and where their secrets lie."""

from __future__ import annotations

import secrets
from pathlib import Path

from datastores.sites.local.engine import Place
from host.keys import read_or_make

PLATFORM = "headwater"  # may do everything; its password never leaves this machine
PROBE = "hw-probe"  # logs in over TLS to see what a client would see; may only PING
DEFAULT = "default"  # the login without a name, turned off
SOCKET = "valkey.sock"


def socket_file(place: Place) -> Path:
    """The Unix socket that only the platform's user can reach."""
    return place.sockets / SOCKET


def platform_password(place: Place) -> str:
    """Return the platform's password for this node, made at first use. The server keeps its digest only."""
    return _secret(place, "platform.key")


def probe_password(place: Place) -> str:
    """Return the probe's password for this node, made at first use. The server keeps its digest only."""
    return _secret(place, "probe.key")


def _secret(place: Place, name: str) -> str:
    return read_or_make(place.configuration / name, lambda: secrets.token_urlsafe(32))
