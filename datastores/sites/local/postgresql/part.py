"""Writes what part a PostgreSQL node has: the primary, or a standby of another node, at its next start or reload."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from datastores.sites.local.engine import Place
from datastores.sites.local.postgresql.configuration import NOTE, PART_FILE, render
from datastores.sites.local.postgresql.names import STANDBY, standby_password
from host.authority import Authority
from host.files import sync, write_private

CA_FILE = "ca.pem"
PASSWORD_FILE = "standby.pgpass"  # noqa: S105 - a file
SIGNAL_FILE = "standby.signal"  # in the data directory: whoever has it starts as a standby


def write_part(place: Place, source: Place | None, synchronous: Iterable[str]) -> None:
    """Write settings, and the signal file where there is a data directory."""
    write_settings(place, source, synchronous)
    if place.data.exists():
        _signal(place, standby=source is not None)


def write_settings(place: Place, source: Place | None, synchronous: Iterable[str]) -> None:
    """Write the settings only. On disk when it returns: a primary that forgot in a power cut for whom it waits would
    acknowledge writes that no standby has."""
    place.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(place.configuration / CA_FILE, Authority(settings.HOME).certificate_file.read_text())
    write_private(place.configuration / PASSWORD_FILE, f"*:*:*:{STANDBY}:{standby_password()}\n")
    write_private(
        place.configuration / PART_FILE,
        NOTE
        + render(
            {
                "primary_conninfo": connection_string(place, source) if source else "",
                "primary_slot_name": slot_of(place) if source else "",
                "synchronous_standby_names": waiting_for(synchronous),
            }
        ),
        durable=True,
    )


def connection_string(place: Place, source: Place) -> str:
    """Return how ``place`` reaches ``source``: over TLS, with its certificate verified. No secret is in it."""
    parameters = {
        "host": "127.0.0.1",
        "port": source.port,
        "user": STANDBY,
        "passfile": place.configuration / PASSWORD_FILE,
        "sslmode": "verify-full",
        "sslrootcert": place.configuration / CA_FILE,
        "application_name": place.name,
        "connect_timeout": 3,
        "keepalives_idle": 5,
        "gssencmode": "disable",
    }
    return " ".join(f"{name}='{value}'" for name, value in parameters.items())


def slot_of(place: Place) -> str:
    """Return the name of the replication slot that keeps the log for a node."""
    return place.name.replace("-", "_")


def waiting_for(names: Iterable[str]) -> str:
    """Return the value that makes a primary wait for any one of these standbys; empty for nobody."""
    quoted = ", ".join(f'"{name}"' for name in sorted(names))
    return f"ANY 1 ({quoted})" if quoted else ""


def told(value: str) -> frozenset[str]:
    """Return the names in a value that ``waiting_for`` made."""
    return frozenset(value.split('"')[1::2])


def _signal(place: Place, *, standby: bool) -> None:
    file = place.data / SIGNAL_FILE
    if standby:
        file.touch(mode=0o600)
    else:
        file.unlink(missing_ok=True)
    sync(place.data)
