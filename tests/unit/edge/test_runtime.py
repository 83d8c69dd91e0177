"""The admin socket's client against a socket that answers in pieces, not at all, or with a refusal."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datastores.sites.local.edge.errors import EdgeDownError, EdgeError
from datastores.sites.local.edge.runtime import AdminSocket

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(path: Path, serve: Serve) -> Iterator[None]:
    """Serve one connection on a Unix socket in a thread."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def accept() -> None:
            with listener.accept()[0] as connection, contextlib.suppress(OSError):
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield
        thread.join(timeout=5)
        assert not thread.is_alive()


def answering(*answers: str, piece: int = 1) -> Serve:
    """Answer line by line as HAProxy's interactive mode does, `piece` bytes at a time."""

    def serve(connection: socket.socket) -> None:
        lines = connection.makefile("r")
        for answer in ("", *answers):
            lines.readline()
            text = f"{answer}\n> ".encode()
            for start in range(0, len(text), piece):
                connection.sendall(text[start : start + piece])

    return serve


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_answers_are_told_apart_however_they_arrive(tmp_path: Path, piece: int) -> None:
    two_lines = "0x1 10.0.0.0/8\n0x2 ::/0\n"
    with listening(tmp_path / "admin", answering("", two_lines, "Pid: 4", piece=piece)):
        assert AdminSocket(tmp_path / "admin").ask("a", "b", "c") == ["", two_lines.strip(), "Pid: 4"]


def test_no_proxy_is_said_as_such(tmp_path: Path) -> None:
    with pytest.raises(EdgeDownError):
        AdminSocket(tmp_path / "admin").ask("show info")
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "admin"))
    with pytest.raises(EdgeDownError):
        AdminSocket(tmp_path / "admin").ask("show info")


def test_a_proxy_that_hangs_costs_no_more_than_the_patience(tmp_path: Path) -> None:
    gate = threading.Event()
    started = time.monotonic()

    def hang(_connection: socket.socket) -> None:
        gate.wait(5)

    with listening(tmp_path / "admin", hang):
        with pytest.raises(EdgeError, match=r"did not answer within 0\.2 seconds"):
            AdminSocket(tmp_path / "admin", patience=0.2).ask("show info")
        assert time.monotonic() - started < 1
        gate.set()


def test_a_proxy_that_dies_in_between_is_no_answer(tmp_path: Path) -> None:
    with listening(tmp_path / "admin", lambda _connection: None), pytest.raises(EdgeError, match="broke off"):
        AdminSocket(tmp_path / "admin").ask("show info")


@pytest.mark.parametrize(
    "answer", ["No such server.", "Invalid addr 'bad'", "'junk' is not a valid IPv4 or IPv6 address."]
)
def test_a_refused_change_is_an_error_that_names_the_command(tmp_path: Path, answer: str) -> None:
    proxy = listening(tmp_path / "admin", answering("", answer))
    with proxy, pytest.raises(EdgeError, match="refused “second”"):
        AdminSocket(tmp_path / "admin").change("first", "second")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "nothing changed",
        "New version created: 3",
        "All sockets are already disabled.",
        "No such session (use 'show sess').",
        "IP changed from '127.0.0.1' to '::1', port changed from '1' to '2' by 'stats socket command'",
    ],
)
def test_what_is_done_or_was_so_already_is_no_error(tmp_path: Path, answer: str) -> None:
    with listening(tmp_path / "admin", answering(answer)):
        assert AdminSocket(tmp_path / "admin").change("first") == [answer]
