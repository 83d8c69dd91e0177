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
            sentence = _reason(error, address, port)
            raise Refusal(
                f"{sentence} {wanted.purpose} needs it.",
                f"Stop the program that uses it, or set {wanted.setting} to another port.",
            ) from error


def _reason(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root on this machine."
    return f"This machine can't listen on {address}, port {port} ({error.strerror})."
