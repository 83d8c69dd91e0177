"""The console's own Valkey: Celery's broker and Django's cache, on one private Unix socket."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from host.files import write_private
from host.paths import Home
from host.supervisor import ServiceSpec
from host.trees import Programs

SERVICE = "broker"
ANSWER_SECONDS = 1.0

# Nothing is kept over a restart: rows are the memory, and a cache may be empty.
SETTINGS = """\
port 0
unixsocketperm 700
databases 2
save ""
appendonly no
maxmemory 64mb
maxmemory-policy noeviction
maxclients 500
hz 1
loglevel warning
"""


@dataclass(frozen=True)
class Broker:
    """The files and the command of the broker."""

    home: Home
    programs: Programs

    @property
    def socket(self) -> Path:
        """The socket that the settings name, too."""
        return self.home.run / "broker.sock"

    @property
    def _settings(self) -> Path:
        return self.home.console / "broker.conf"

    def prepare(self) -> None:
        """Write the settings anew."""
        paths = f'unixsocket "{self.socket}"\ndir "{self.home.console}"\n'
        write_private(self._settings, SETTINGS + paths)

    def service(self) -> ServiceSpec:
        """How it is supervised."""
        return ServiceSpec(
            name=SERVICE,
            command=[str(self.programs.program("valkey", "valkey-server")), str(self._settings)],
            working_directory=self.home.console,
            environment={"LC_ALL": "C", "MALLOC_ARENA_MAX": "2"},
        )

    def answering(self) -> bool:
        """Whether it answers a PING now."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
