"""Every command that the server knows, sent by a tenant, against the reviewed table commands.csv.

A new version with a new command fails here until somebody has decided about it. The columns: the command;
what the super admin may do (allowed, refused, or scripting: as the Lua setting says); the reason.
"""

from __future__ import annotations

import csv
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from datastores.engines.cache import CacheSettings
from datastores.engines.cache.rules import FUNCTIONS, REFUSED, SCRIPTING
from datastores.sites.local.cache.sessions import session

from .conftest import Server, running

pytestmark = pytest.mark.real
# DEBUG and MODULE are turned off for everybody, which is looked at before the login's rights.
REFUSALS = ("-NOPERM ", "-ERR DEBUG command not allowed", "-ERR MODULE command not allowed")
TABLE = Path(__file__).with_name("commands.csv")


@pytest.fixture(scope="module", params=[True, False], ids=["lua-on", "lua-off"])
def server(engine: Any, request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(engine, CacheSettings(lua=request.param)) as server:
        yield server


def reviewed() -> dict[str, str]:
    """Return command to decision."""
    with TABLE.open(newline="") as file:
        return {row["command"]: row["tenant"] for row in csv.DictReader(file)}


def known_commands(server: Server) -> dict[str, int]:
    """Return every command and sub-command of the server with the words that it needs; 0 for a container."""
    with session(server.place) as platform:
        client = platform._client
        client.set_response_callback("COMMAND", lambda answer: answer)
        return dict(_flat(platform.ask("COMMAND")))


def _flat(commands: Sequence[Any]) -> Iterator[tuple[str, int]]:
    for command in commands:
        yield command[0], 0 if command[9] else abs(command[1])
        yield from _flat(command[9])


def test_the_table_names_every_command_and_no_other(server: Server) -> None:
    assert set(reviewed()) == set(known_commands(server))


def test_a_tenant_may_do_what_the_table_says(server: Server) -> None:
    decisions = reviewed()
    lua = CacheSettings(lua="+eval" in (server.place.configuration / "logins.acl").read_text())
    wanted = {"allowed": True, "refused": False, "scripting": lua.lua}
    context = ssl.create_default_context(cafile=str(server.ca))
    commands = known_commands(server)
    found = {name: _allowed(server, context, name, words) for name, words in commands.items() if words}
    for container in (name for name, words in commands.items() if not words):
        found[container] = any(found[name] for name in found if name.startswith(f"{container}|"))
    wrong = {name: allowed for name, allowed in found.items() if allowed != wanted[decisions[name]]}
    assert wrong == {}
    assert found.keys() == decisions.keys()


def test_the_specifications_lists_are_refused_with_all_sub_commands() -> None:
    decisions = reviewed()
    for name, decision in decisions.items():
        container = name.split("|")[0]
        if container in (*REFUSED, *FUNCTIONS):
            assert decision == "refused", name
        if container in SCRIPTING and name != "script|debug":
            assert decision == "scripting", name
    assert {"acl", "cluster", "command", "debug", "role", "shutdown"} <= set(decisions)


def test_the_refusal_is_clear(server: Server) -> None:
    context = ssl.create_default_context(cafile=str(server.ca))
    answer = _answer(server, context, ["CONFIG", "GET", "dir"])
    assert answer == "-NOPERM User hwadmin has no permissions to run the 'config|get' command"


def _allowed(server: Server, context: ssl.SSLContext, name: str, words: int) -> bool:
    """Send a command with as few words as the server accepts, all of them nonsense; what counts is who says no.

    AUTH, HELLO, QUIT and RESET are open to everybody.
    """
    command = name.upper().split("|")
    command += ["x"] * (words - len(command))
    answer = _answer(server, context, command)
    assert "unknown" not in answer or "value" in answer, f"{name}: {answer}"
    assert "wrong number of arguments" not in answer, f"{name}: {answer}"
    return not answer.startswith(REFUSALS)


def _answer(server: Server, context: ssl.SSLContext, command: Sequence[str]) -> str:
    with (
        socket.create_connection((server.access.host, server.access.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=server.access.host) as client,
    ):
        client.sendall(_encoded(["AUTH", server.access.user, server.access.password]))
        assert client.recv(64) == b"+OK\r\n"
        client.sendall(_encoded(command))
        return client.recv(4096).decode(errors="replace").split("\r\n")[0]


def _encoded(words: Sequence[str]) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
