"""The platform's own logins inside a PostgreSQL server."""

from __future__ import annotations

import secrets

from django.conf import settings

from host.keys import read_or_make

PLATFORM = "headwater"  # superuser without a password; logs in over the node's socket only
READER = "hw_reader"  # counts rows for a backup's manifest over the node's socket: reads tables, changes nothing
PROBE = "hw_probe"  # logs in over TLS to see what a client would see; may read next to nothing
STANDBY = "hw_standby"  # standbys stream with it, over TLS and from this machine only
# Kept from tenants: what a superuser runs must not happen where a tenant may have planted functions.
PLATFORM_DATABASE = "postgres"


def probe_password() -> str:
    """Return the probe's password: one per installation, so that standbys and restored servers know it too.

    Servers keep a verifier only (SCRAM), and it is never sent: a stolen server does not reveal it.
    """
    return _secret("postgresql-probe.key")


def standby_password() -> str:
    """Return the standbys' password: one per installation, as the probe's."""
    return _secret("postgresql-standby.key")


def _secret(name: str) -> str:
    return read_or_make(settings.HOME.secrets / name, lambda: secrets.token_urlsafe(32))
