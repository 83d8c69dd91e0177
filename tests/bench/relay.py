"""A bare TCP relay: what any proxy outside the kernel costs, about, at the least."""

from __future__ import annotations

import select
import socket
import sys


def relay(listen_port: int, server_port: int) -> None:
    """Pass bytes between clients of a loopback port and a server on another, in one thread, until killed."""
    poller = select.epoll()
    others: dict[int, tuple[socket.socket, socket.socket]] = {}
    with socket.create_server(("127.0.0.1", listen_port)) as listener:
        poller.register(listener, select.EPOLLIN)
        while True:
            for descriptor, _ in poller.poll():
                if descriptor == listener.fileno():
                    pair = listener.accept()[0], socket.create_connection(("127.0.0.1", server_port))
                    for here, there in (pair, pair[::-1]):
                        here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        others[here.fileno()] = here, there
                        poller.register(here, select.EPOLLIN)
                elif descriptor in others:
                    here, there = others[descriptor]
                    if data := here.recv(16_384):
                        there.sendall(data)
                    else:
                        for end in (here, there):
                            del others[end.fileno()]
                            end.close()


if __name__ == "__main__":
    relay(int(sys.argv[1]), int(sys.argv[2]))
