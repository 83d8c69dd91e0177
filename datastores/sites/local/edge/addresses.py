"""Which of the wanted addresses this machine can listen on."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address

from .errors import EdgeError
from .settings import EVERYWHERE

ALL = ("0.0.0.0", "::")  # noqa: S104 - what the operator asked for


def usable(wanted: Iterable[str]) -> tuple[str, ...]:
    """The addresses, with "*" spelled out, without those of IPv6 where the machine has none.

    HAProxy refuses to start for a single address that is missing; a host or container without IPv6 is common.
    Raises EdgeError for an IPv4 address that is not this machine's, or where nothing is left.
    """
    spelled = [part for address in wanted for part in (ALL if address == EVERYWHERE else (address,))]
    found = tuple(dict.fromkeys(address for address in spelled if _can_listen(address)))
    missing = [address for address in spelled if address not in found and ip_address(address).version == 4]
    if missing or not found:
        raise EdgeError(
            f"The edge can't listen on {' or '.join(missing or spelled)}: no address of this machine.",
            "Correct HEADWATER_EDGE_BIND.",
        )
    return found


def _can_listen(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True
