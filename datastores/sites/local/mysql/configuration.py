"""Writes a MySQL node's option file, outside the data directory, and reads single settings of it back."""

from __future__ import annotations

import zlib
from pathlib import Path

from django.conf import settings

from datastores.engines.mysql.settings import Setting, server_settings
from datastores.limits import mysql_connections
from datastores.sites.local.certificates import CERTIFICATE_FILE, KEY_FILE
from datastores.sites.local.engine import Place, Sizing
from datastores.sites.local.mysql.identity import ensure_identity
from datastores.sites.local.mysql.names import ADMIN_ADDRESS, EDGE_ADDRESS
from datastores.sites.local.mysql.option_file import NOTE, render
from datastores.sites.local.mysql.part import ensure_part
from datastores.sites.local.mysql.programs import SETTINGS_FILE, own_directories, temporary_directory
from host.authority import Authority
from host.files import write_private

CA_FILE = "ca.pem"
# What standbys need: copying a running server's files, and waiting until another node has a transaction.
PLUGINS = {
    "clone": "mysql_clone.so",
    "rpl_semi_sync_source": "semisync_source.so",
    "rpl_semi_sync_replica": "semisync_replica.so",
}
WRITES_FILE = "writes.cnf"  # says more than its section while writes are stopped (see ``read_only``)
WRITES_ALLOWED = f"{NOTE}[mysqld]\n"
REPLAY_FILE = "replay.cnf"  # says more than its section while a restored server replays its log
REPLAY_STATEMENTS_FILE = "replay.sql"
NO_REPLAY = f"{NOTE}[mysqld]\n"


def write_configuration(place: Place, sizing: Sizing) -> None:
    """Write the settings; they count from the next start."""
    for directory in (place.configuration, place.sockets, temporary_directory(place)):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(place.configuration / CA_FILE, Authority(settings.HOME).certificate_file.read_text())
    ensure_identity(place)
    values = {**_of_plan(sizing), **own_directories(), **_of_place(place)}
    writes, replay = place.configuration / WRITES_FILE, place.configuration / REPLAY_FILE
    for file, nothing in ((writes, WRITES_ALLOWED), (replay, NO_REPLAY)):
        if not file.exists():
            write_private(file, nothing)
    roles = ensure_part(place)
    # The later file counts: a standby's applier must write, also where its tenant may not.
    write_private(
        place.configuration / SETTINGS_FILE,
        f"{NOTE}{render(values)}!include {writes}\n!include {roles}\n!include {replay}\n",
        durable=True,
    )


def replaying_settings(place: Place) -> str:
    """Return what counts while a restored server replays its log: the tenant's events are off, and it gets the logins
    of this installation, which need not be the one that made its backup."""
    values: dict[str, Setting] = {
        "event_scheduler": "OFF",
        "init_file": str(place.configuration / REPLAY_STATEMENTS_FILE),
    }
    return f"{NOTE}{render(values)}"


def configured(place: Place, name: str) -> int:
    """Return a whole number that the node's option file sets."""
    for line in (place.configuration / SETTINGS_FILE).read_text().splitlines():
        found, _, value = line.partition(" = ")
        if found == name:
            return int(value)
    raise KeyError(name)


def socket_file(place: Place) -> Path:
    """Return the node's Unix socket."""
    return place.sockets / "mysqld.sock"


def process_file(place: Place) -> Path:
    """Return the file in which the server notes its process id."""
    return place.data / "mysqld.pid"


def _of_plan(sizing: Sizing) -> dict[str, Setting]:
    return server_settings(
        ram_gib=sizing.plan.ram_gib,
        connections=mysql_connections(sizing.plan),
        storage_gib=sizing.storage_gib,
        development=sizing.development,
    )


def _of_place(place: Place) -> dict[str, Setting]:
    return {
        "datadir": str(place.data),
        "tmpdir": str(temporary_directory(place)),
        "bind_address": EDGE_ADDRESS,
        "port": place.port,
        # Logins there are not refused when tenants use up all connections.
        "admin_address": ADMIN_ADDRESS,
        "admin_port": place.port,
        "socket": str(socket_file(place)),
        "pid_file": str(process_file(place)),
        "server_id": zlib.crc32(place.name.encode()) or 1,  # differs between the nodes of a store
        "plugin_load_add": ";".join(PLUGINS.values()),
        "ssl_ca": str(place.configuration / CA_FILE),  # without it, a new certificate can't be read while it runs
        "ssl_cert": str(place.configuration / CERTIFICATE_FILE),
        "ssl_key": str(place.configuration / KEY_FILE),
    }
