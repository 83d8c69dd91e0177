"""Servers that greet with their name and echo, and clients with a source address of choice."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Self

from datastores.sites.local.edge import Address

# Below the ports that the kernel gives out by itself, so that no client of another test sits on one of them.
FIRST_PORT = int(os.environ.get("HEADWATER_TEST_EDGE_PORT", "31100"))
_next_port = itertools.count(FIRST_PORT)


def eventually(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until it holds; fail where it does not within the bound."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


def free_ports(count: int, hosts: tuple[str, ...] = ("127.0.0.1", "::1")) -> int:
    """The first of `count` ports in a row that nothing listens on, on any of these addresses."""
    run = 0
    for port in _next_port:
        run = run + 1 if all(_free(host, port) for host in hosts) else 0
        if run == count:
            return port - count + 1
    raise AssertionError


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen()
        except OSError:
            return False
    return True


class NamedServer:
    """Greets each client with its name, then echoes."""

    def __init__(self, name: str) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    self.request.sendall(name.encode())
                    while data := self.request.recv(4096):
                        self.request.sendall(data)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 512

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = Address("127.0.0.1", self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Client:
    """A connection to a slot. `name` is what the server greeted with."""

    def __init__(self, port: int, source: str = "127.0.0.1", host: str | None = None) -> None:
        target = host or ("::1" if ":" in source else "127.0.0.1")
        self._socket = socket.create_connection((target, port), timeout=5, source_address=(source, 0))
        self.name = self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def echoes(self) -> bool:
        """Whether the connection still works, there and back."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(b"still there?")
            return self._receive() == "still there?"
        return False

    def _receive(self) -> str:
        try:
            return self._socket.recv(4096).decode()
        except ConnectionResetError:
            return ""


def answer(port: int, source: str = "127.0.0.1") -> str:
    """The name of the server that a new client reaches; "refused" or "turned away" otherwise. Never hangs."""
    try:
        with Client(port, source) as client:
            return client.name or "turned away"
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "turned away"
