"""HAProxy in front of a peer's servers: passes TLS through, and asks each server itself who is the primary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = """\
global
    maxconn 200
defaults
    mode tcp
    retries 0
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    timeout check 1s
listen primary
    bind 127.0.0.1:{port}
{check}
    default-server {pace} on-marked-down shutdown-sessions
{servers}
"""
PATRONI_CHECK = ("option httpchk HEAD /primary", "http-check expect status 200")
VALKEY_CHECK = (
    "option tcp-check",
    # The server closes after its answer, so that a replica's is judged at once instead of at the end of the time allowed.
    r"tcp-check send info\ replication\r\nquit\r\n",
    "tcp-check expect string role:master",
)


@dataclass(frozen=True)
class Behind:
    """A server's port for clients and the one that is asked about its role."""

    name: str
    port: int
    check_port: int


def configuration(port: int, check: Sequence[str], pace: str, servers: Sequence[Behind]) -> str:
    """Return the text of the configuration; ``pace`` is how often a server is asked, and what its answers count."""
    lines = [f"    server {one.name} 127.0.0.1:{one.port} check port {one.check_port}" for one in servers]
    return FILE.format(port=port, check="\n".join(f"    {line}" for line in check), pace=pace, servers="\n".join(lines))


def command(program: Path, file: Path) -> list[str | Path]:
    """Return how it is started in the foreground."""
    return [program, "-db", "-f", file]
