"""The platform's own names inside a PostgreSQL server, and its programs."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings

from host.keys import read_or_make
from host.trees import Programs

PLATFORM = "headwater"  # superuser without a password; logs in over the node's socket only
PROBE = "hw_probe"  # logs in over TLS to see what a client would see; may read next to nothing
# Kept from tenants: what a superuser runs must not happen where a tenant may have planted functions.
PLATFORM_DATABASE = "postgres"


def program(name: str) -> Path:
    """Return a program of the PostgreSQL tree; raises TreeError where it is not installed."""
    return Programs(settings.HOME.engines).program("postgresql", name)


def probe_password() -> str:
    """Return the probe's password: one per installation, so that standbys and restored servers know it too.

    Servers keep a verifier only (SCRAM), and it is never sent: a stolen server does not reveal it.
    """
    return read_or_make(settings.HOME.secrets / "postgresql-probe.key", lambda: secrets.token_urlsafe(32))
