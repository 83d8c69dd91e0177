"""The platform's own logins inside a cache, and where their secrets lie."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from django.conf import settings

from datastores.sites.local.engine import Place
from host.keys import read_or_make

PLATFORM = "headwater"  # may do everything; its password never leaves this machine
PROBE = "hw-probe"  # logs in over TLS to see what a client would see; may only PING
CANARY = "hw-canary"  # writes rows while the primary changes; reaches one key only
STANDBY = "hw-standby"  # receives everything over TLS; may do nothing else
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


def standby_password(name: str) -> str:
    """Return the password with which standbys follow the node of this name.

    It follows from a secret of the installation, so that it is known before the node is made and after it is lost;
    and it is another one for each node: a server that was taken over knows its own source's only.
    """
    return hmac.new(_common("cache-standby.key").encode(), name.encode(), hashlib.sha256).hexdigest()


def canary_password() -> str:
    """Return the canary's password: one per installation, since it logs in to whichever node serves. It opens one key."""
    return _common("cache-canary.key")


def _secret(place: Place, name: str) -> str:
    return read_or_make(place.configuration / name, lambda: secrets.token_urlsafe(32))


def _common(name: str) -> str:
    return read_or_make(settings.HOME.secrets / name, lambda: secrets.token_urlsafe(32))
