"""Compares what a slot must do with what the running proxy does, and says the difference in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .answers import Servers, Session
from .errors import EdgeError
from .slots import Address, Slot, permits


@dataclass(frozen=True)
class Running:
    """What the running proxy does with a slot.

    accepting  whether its port takes connections (a fresh proxy does for closed slots, and resets them)
    servers    where connections lead, by the proxy's names; None for those in maintenance
    allowed    its access list, in canonical order
    """

    accepting: bool
    servers: Servers
    allowed: tuple[str, ...]

    @property
    def leads_to(self) -> list[Address]:
        """The servers that get connections, in one order."""
        return _ordered(server for server in self.servers.values() if server)


def settled(wanted: Slot, running: Running) -> bool:
    """Whether the proxy does exactly what it must with the slot."""
    return (
        running.leads_to == _ordered(wanted.servers)
        and running.allowed == wanted.allowed
        and running.accepting == bool(wanted.servers)
    )


def assignment(wanted: Slot, running: Running) -> dict[str, Address]:
    """Which of the proxy's names must lead where: a server that it leads to already keeps its name, and so its sessions.

    Raises EdgeError where the proxy knows too few names.
    """
    kept: dict[str, Address] = {}
    for name, server in running.servers.items():
        if server and server in wanted.servers and server not in kept.values():
            kept[name] = server
    free = [name for name in running.servers if name not in kept]
    missing = [server for server in wanted.servers if server not in kept.values()]
    if len(missing) > len(free):
        raise EdgeError(
            f"The running edge knows {len(running.servers)} servers of slot {wanted.number}: it is an older one.",
            "Restart the edge when its connections may be cut; its files are up to date.",
        )
    return kept | dict(zip(free, missing, strict=False))


def welcome(wanted: Slot, running: Running | None, session: Session) -> bool:
    """Whether a client may be connected through the slot: it is allowed, and where it leads was not taken away."""
    leads = running is None or running.servers.get(session.server, True) is not None
    return leads and bool(wanted.servers) and permits(wanted.allowed, session.source)


def describe(wanted: Slot, running: Running | None) -> Iterator[str]:
    """Every difference that a client could notice, one sentence each.

    A closed slot that a fresh proxy still listens on is none: it turns every connection away.
    """
    slot = f"Slot {wanted.number} of the edge (port {wanted.port})"
    if running is None:
        yield f"{slot} is unknown to the running proxy."
        return
    leads, must = _listed(running.leads_to), _listed(_ordered(wanted.servers))
    if not must:
        if leads:
            yield f"{slot} leads to {leads}, but no running data store owns it."
    elif not leads:
        yield f"{slot} is closed, but its data store runs at {must}."
    elif leads != must:
        yield f"{slot} leads to {leads} instead of {must}."
    elif not running.accepting:
        yield f"{slot} refuses connections, but its data store runs at {must}."
    if running.allowed != wanted.allowed:
        yield f"{slot} has another allow list than its data store."


def _ordered(servers: Iterable[Address]) -> list[Address]:
    return sorted(servers, key=str)


def _listed(servers: Iterable[Address]) -> str:
    return " and ".join(map(str, servers))
