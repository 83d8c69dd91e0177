"""The platform's own accounts inside a MySQL server, and the addresses that they come from."""

from __future__ import annotations

import secrets

from django.conf import settings

from host.keys import read_or_make

PLATFORM = "headwater"  # every privilege; logs in over the node's socket, else at the administrative address
PROBE = "hw_probe"  # logs in over TLS to see what a client would see; may do nothing
ARCHIVER = "hw_archiver"  # copies and reads for backups, over the node's socket only
STANDBY = "hw_standby"  # follows a primary and copies its files; proves itself by a certificate (see ``identity``)
# Whom the list of sessions names besides tenants.
NO_TENANTS = (PLATFORM, PROBE, STANDBY, ARCHIVER, "unauthenticated user", "event_scheduler", "system user")
READERS_OF_THE_LOG = "Binlog Dump"  # what the list says that standbys and the like do, which write nothing
# The edge passes clients on from 127.0.0.1. An account of that very host can't be shadowed by one that a
# tenant makes, and one of 127.0.0.2 can't be reached through the edge at all.
EDGE_ADDRESS = "127.0.0.1"
# The whole of 127.0.0.0/8 is this machine, so the node's port exists there, too.
ADMIN_ADDRESS = "127.0.0.2"


def platform_password() -> str:
    """Return the platform's password: one per installation, so that standbys and restored servers know it.

    Servers keep a verifier only: a stolen data directory does not reveal it.
    """
    return _secret("mysql-platform.key")


def probe_password() -> str:
    """Return the probe's password: one per installation, as the platform's."""
    return _secret("mysql-probe.key")


def archiver_password() -> str:
    """Return the archiver's password: one per installation, as the platform's."""
    return _secret("mysql-archiver.key")


def _secret(name: str) -> str:
    return read_or_make(settings.HOME.secrets / name, lambda: secrets.token_urlsafe(32))
