"""Ways to a data store from other addresses of this machine: a driver can't choose the address that it comes from."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

import psycopg

from datastores.models import DataStore
from datastores.sites.local.machine import machine


class Way:
    """Passes bytes between a port of its own and the store's address, coming from ``source``; TLS goes through."""

    def __init__(self, store: DataStore, source: str) -> None:
        self._store, self._source = store, source
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def connect(self) -> psycopg.Connection:
        """Log in as the super admin, verifying everything."""
        return psycopg.connect(
            host="localhost",
            hostaddr="127.0.0.1",
            port=self._listener.getsockname()[1],
            user=self._store.admin_user,
            password=self._store.admin_password,
            dbname=self._store.default_database,
            sslmode="verify-full",
            sslrootcert=str(machine().ca_file),
            connect_timeout=5,
            autocommit=True,
        )

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._ends.append(client)
                try:
                    edge = socket.create_connection(("127.0.0.1", self._store.slot.port), 5, (self._source, 0))
                except OSError:
                    client.close()
                    continue
                edge.settimeout(None)
                self._ends.append(edge)
                for pair in ((client, edge), (edge, client)):
                    threading.Thread(target=_pass, args=pair, daemon=True).start()


def _pass(here: socket.socket, there: socket.socket) -> None:
    """Pass bytes on until one side ends, then end the other."""
    with contextlib.suppress(OSError):
        while data := here.recv(16_384):
            there.sendall(data)
    with contextlib.suppress(OSError):
        there.shutdown(socket.SHUT_RDWR)
