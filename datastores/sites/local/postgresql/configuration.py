"""Writes a PostgreSQL node's configuration: all of it outside the data directory, which tenants can copy."""

from __future__ import annotations

import os
import pwd

from datastores.engines.postgresql.settings import Setting, server_settings
from datastores.limits import postgresql_connections
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.postgresql.archive.reach import archive_settings
from datastores.sites.local.postgresql.names import PLATFORM, PLATFORM_DATABASE, PROBE, READER, STANDBY
from host.files import write_private

SETTINGS_FILE = "postgresql.conf"
LOGINS_FILE = "pg_hba.conf"
USERS_FILE = "pg_ident.conf"
PART_FILE = "replication.conf"  # whom the node follows or waits for (see ``part``)
WRITES_FILE = "writes.conf"  # there while writes are stopped (see ``read_only``)
NOTE = "# Written by Headwater; changes are lost at the next start.\n"
USER_MAP = "platform"

# "all" does not cover physical replication, so only the platform's own lines can allow that.
LOGINS = f"""\
local     all                  {PLATFORM}  peer map={USER_MAP}
local     replication          {PLATFORM}  peer map={USER_MAP}
local     all                  {READER}    peer map={USER_MAP}
local     all                  all         reject
hostnossl all                  all         all  reject
hostssl   all                  {PLATFORM}  all  reject
hostssl   replication          {STANDBY}   127.0.0.1/32  scram-sha-256
hostssl   all                  {STANDBY}   all  reject
hostssl   all                  {READER}    all  reject
hostssl   {PLATFORM_DATABASE}  {PROBE}     all  scram-sha-256
hostssl   all                  {PROBE}     all  reject
hostssl   all                  all         all  scram-sha-256
"""


def write_configuration(place: Place, sizing: Sizing, *, vectors: bool = False) -> None:
    """Write settings, who may log in how, and the system user who is the platform.

    ``vectors`` gives index builds the memory that HNSW needs.
    """
    for directory in (place.configuration, place.sockets):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = pwd.getpwuid(os.geteuid()).pw_name
    settings = {**_of_plan(sizing, vectors=vectors), **_of_place(place), **archive_settings(place)}
    part = render({"include_if_exists": str(place.configuration / PART_FILE)})
    write_private(place.configuration / SETTINGS_FILE, NOTE + render(settings) + part, durable=True)
    write_private(place.configuration / LOGINS_FILE, NOTE + LOGINS, durable=True)
    write_private(
        place.configuration / USERS_FILE, f'{NOTE}{USER_MAP} "{user}" {PLATFORM}\n{USER_MAP} "{user}" {READER}\n'
    )


def render(settings: dict[str, Setting]) -> str:
    """Return the text of a postgresql.conf, every value quoted as its reader unquotes it."""
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())


def _of_plan(sizing: Sizing, *, vectors: bool) -> dict[str, Setting]:
    return server_settings(
        ram_gib=sizing.plan.ram_gib,
        connections=postgresql_connections(sizing.plan),
        storage_gib=sizing.storage_gib,
        development=sizing.development,
        vectors=vectors,
    )


def _of_place(place: Place) -> dict[str, Setting]:
    return {
        "cluster_name": place.name,
        "include_if_exists": str(place.configuration / WRITES_FILE),
        "data_directory": str(place.data),
        "hba_file": str(place.configuration / LOGINS_FILE),
        "ident_file": str(place.configuration / USERS_FILE),
        "listen_addresses": "127.0.0.1",
        "port": place.port,
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
        "ssl": True,
        "ssl_cert_file": str(place.configuration / CERTIFICATE_FILE),
        "ssl_key_file": str(place.configuration / KEY_FILE),
        "ssl_min_protocol_version": "TLSv1.2",
        "ssl_ciphers": "HIGH:!aNULL:!eNULL:!3DES:!SHA1",
    }


def _quoted(value: Setting) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "''")
        return f"'{escaped}'"
    return str(value)
