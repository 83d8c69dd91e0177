"""Compares what a slot must do with what the running proxy does, and says the difference in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .slots import Address, Slot, permits


@dataclass(frozen=True)
class Running:
    """What the running proxy does with a slot.

    accepting  whether its port takes connections (a fresh proxy does for closed slots, and resets them)
    server     where connections lead, None in maintenance
    allowed    its access list, in canonical order
    """

    accepting: bool
    server: Address | None
    allowed: tuple[str, ...]


def settled(wanted: Slot, running: Running) -> bool:
    """Whether the proxy does exactly what it must with the slot."""
    return (
        running.server == wanted.server
        and running.allowed == wanted.allowed
        and running.accepting == (wanted.server is not None)
    )


def welcome(wanted: Slot, source: str) -> bool:
    """Whether a client from this address may be connected through the slot."""
    return wanted.server is not None and permits(wanted.allowed, source)


def describe(wanted: Slot, running: Running | None) -> Iterator[str]:
    """Every difference that a client could notice, one sentence each.

    A closed slot that a fresh proxy still listens on is none: it turns every connection away.
    """
    slot = f"Slot {wanted.number} of the edge (port {wanted.port})"
    if running is None:
        yield f"{slot} is unknown to the running proxy."
        return
    if wanted.server is None:
        if running.server is not None:
            yield f"{slot} leads to {running.server}, but no running data store owns it."
    elif running.server is None:
        yield f"{slot} is closed, but its data store runs at {wanted.server}."
    elif running.server != wanted.server:
        yield f"{slot} leads to {running.server} instead of {wanted.server}."
    elif not running.accepting:
        yield f"{slot} refuses connections, but its data store runs at {wanted.server}."
    if running.allowed != wanted.allowed:
        yield f"{slot} has another allow list than its data store."
