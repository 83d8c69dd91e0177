"""Renders HAProxy's configuration: one file for all, and per slot one file and one access list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

from .settings import EdgeSettings
from .slots import Slot, slot_name

COMMON_FILE = "00-common.cfg"
SERVERS = ("primary", "second", "third")  # as many as a slot may have, none of them more than another
# A closed slot's server has to have some address: port 1 of this machine, and it is disabled besides.
NOWHERE = "127.0.0.1:1 disabled"


def render(settings: EdgeSettings, slots: Iterable[Slot]) -> dict[Path, str]:
    """Every file of the configuration and its content. Equal settings and rows give equal text.

    One file per slot: a change is small, and two workers that change two slots don't undo each other's work.
    """
    complete = settings.complete(slots)
    files = {settings.directory / COMMON_FILE: _common(settings, fingerprint(settings, complete.values()))}
    for slot in complete.values():
        files |= render_slot(settings, slot)
    return files


def render_slot(settings: EdgeSettings, slot: Slot) -> dict[Path, str]:
    """A slot's two files."""
    return {
        access_list(settings, slot): _lines(slot.allowed),
        slot_file(settings, slot): _listen(settings, slot),
    }


def slot_file(settings: EdgeSettings, slot: Slot) -> Path:
    """The file with a slot's ports and servers."""
    return settings.directory / f"{slot.name}.cfg"


def access_list(settings: EdgeSettings, slot: Slot) -> Path:
    """The file with the networks that may use a slot."""
    return settings.directory / access_list_name(slot.number)


def access_list_name(number: int) -> str:
    """The admin socket knows a slot's access list by this name: the file's, relative to its directory."""
    return f"{slot_name(number)}.acl"


def fingerprint(settings: EdgeSettings, slots: Iterable[Slot]) -> str:
    """Short digest of all that only a restart changes: ports, addresses, options; not servers or lists.

    The number of open files is left out: it differs between shells, and a restart would not be worth it.
    """
    fixed = [_common(settings, "", limits=False), *SERVERS, *("\n".join(_binds(settings, slot)) for slot in slots)]
    return hashlib.sha256("\n".join(fixed).encode()).hexdigest()[:16]


def _common(settings: EdgeSettings, mark: str, *, limits: bool = True) -> str:
    return _lines(
        [
            "global",
            f"    description {mark}",
            f"    maxconn {settings.sessions if limits else 0}",
            # A lower limit than the one that this file was written for must not keep the edge from starting.
            "    no strict-limits",
            f"    nbthread {settings.threads}",
            # A second edge on the same ports must fail to start, not take half of the connections.
            "    noreuseport",
            "    default-path config",
            f"    stats socket {_quoted(str(settings.admin_socket))} mode 600 level admin",
            "    stats timeout 10s",
            "    log stderr format raw daemon notice",
            "",
            "defaults",
            "    mode tcp",
            # With retries a refused connection waits a second before it fails; clients retry better themselves.
            "    retries 0",
            # Not the one with the fewest connections: that would lead everybody to a server that has just died.
            "    balance roundrobin",
            "    timeout connect 2s",
            # Idle pooled connections live for days (the most that HAProxy can count is 24.8);
            # a dead peer is found by keep-alive instead: after 60 + 4 x 15 seconds.
            "    timeout client 24d",
            "    timeout server 24d",
            "    timeout client-fin 30s",
            "    timeout server-fin 30s",
            *(f"    {line}" for line in _keepalive("cli")),
            *(f"    {line}" for line in _keepalive("srv")),
        ]
    )


def _keepalive(side: str) -> list[str]:
    return [f"option {side}tcpka", f"{side}tcpka-idle 60s", f"{side}tcpka-intvl 15s", f"{side}tcpka-cnt 4"]


def _listen(settings: EdgeSettings, slot: Slot) -> str:
    return _lines(
        [
            f"listen {slot.name}",
            *(f"    {line}" for line in _binds(settings, slot)),
            f"    tcp-request connection reject unless {{ src -f {access_list_name(slot.number)} }}",
            f"    tcp-request connection reject if {{ fe_conn gt {settings.sessions_per_slot} }}",
            *(f"    server {name} {server or NOWHERE}" for name, server in zip_longest(SERVERS, slot.servers)),
        ]
    )


def _binds(settings: EdgeSettings, slot: Slot) -> list[str]:
    return [
        f"bind [{address}]:{slot.port} v6only" if ":" in address else f"bind {address}:{slot.port}"
        for address in settings.bind
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
