"""What a slot of the edge is: a port that never changes, the servers behind it and who may connect."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

MOST_SERVERS = 3  # the largest plan's nodes


@dataclass(frozen=True)
class Address:
    """Where an engine listens: an IP address (never a name, so that nothing is looked up) and a TCP port."""

    host: str
    port: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", str(ip_address(_without_zone(self.host))))
        check_port(self.port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Slot:
    """One port of the edge and what it must do.

    number   which of the declared slots, from 1
    port     the port that clients connect to
    servers  the engines behind it, which get new connections in turn; none closes the slot: connections are refused
    allowed  networks that may connect, addresses and CIDR blocks of both families; empty means nobody
    """

    number: int
    port: int
    servers: tuple[Address, ...] = ()
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_port(self.port)
        if len(set(self.servers)) != len(self.servers) or len(self.servers) > MOST_SERVERS:
            raise ValueError(f"a slot leads to at most {MOST_SERVERS} servers, each once")
        object.__setattr__(self, "allowed", canonical(self.allowed))

    @property
    def name(self) -> str:
        """The proxy's name for the slot."""
        return slot_name(self.number)


def slot_name(number: int) -> str:
    """Name of a slot in the proxy's configuration and answers."""
    return f"slot-{number:04d}"


def slot_number(name: str) -> int | None:
    """The slot that a proxy's name stands for, None for a name that is no slot's."""
    prefix, _, digits = name.partition("-")
    return int(digits) if prefix == "slot" and digits.isdecimal() else None


def canonical(networks: Iterable[str]) -> tuple[str, ...]:
    """Networks in one spelling and order, so that equal lists compare equal. Raises ValueError."""
    return tuple(str(network) for network in sorted(set(map(parse, networks)), key=_order))


@functools.lru_cache(maxsize=8192)
def parse(network: str) -> IPv4Network | IPv6Network:
    """An address or a CIDR block as a network; bits behind the mask are dropped. Raises ValueError."""
    return ip_network(_without_zone(network.strip()), strict=False)


def permits(networks: Iterable[str], source: str) -> bool:
    """Whether a client's address lies in one of the networks."""
    address = ip_address(source)
    return any(address in network for network in map(parse, networks) if network.version == address.version)


def check_port(port: int) -> None:
    """Raise ValueError for a number that is no TCP port."""
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no TCP port")


def _without_zone(text: str) -> str:
    """Refuse fe80::1%zone: Python takes any text for the zone, and here it would end up among commands."""
    if "%" in text:
        raise ValueError(f"{text!r} does not appear to be an address that can be used here")
    return text


def _order(network: IPv4Network | IPv6Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen
