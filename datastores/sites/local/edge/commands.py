"""The admin socket's commands for the changes of a slot."""

from __future__ import annotations

from .configuration import SERVER, access_list_name
from .slots import Address, Slot, slot_name


def close(number: int) -> list[str]:
    """Refuse new connections and take the server away; sessions go on until they are cut."""
    return [f"disable frontend {slot_name(number)}", *withdraw(number)]


def withdraw(number: int) -> list[str]:
    """Take the server away, the port stays open."""
    return [f"set server {_server(number)} state maint"]


def lead_to(number: int, server: Address) -> list[str]:
    """Lead new connections to a server and take them."""
    return [
        f"set server {_server(number)} addr {server.host} port {server.port}",
        f"set server {_server(number)} state ready",
        f"enable frontend {slot_name(number)}",
    ]


def prepare_access(number: int) -> str:
    """Begin a new version of the access list, beside the one in force."""
    return f"prepare acl {access_list_name(number)}"


def commit_access(slot: Slot, version: int) -> list[str]:
    """Fill the prepared version and put it in force at once: no allowed client is turned away meanwhile."""
    name = access_list_name(slot.number)
    filling = [f"add acl @{version} {name} {network}" for network in slot.allowed]
    return [*filling, f"commit acl @{version} {name}"]


def look_at(slot: Slot) -> list[str]:
    """Servers, frontends and access list of one slot, in this order."""
    return [
        f"show servers state {slot.name}",
        f"show stat {slot.name} 1 -1",
        f"show acl {access_list_name(slot.number)}",
    ]


def look_at_all(slots: list[Slot]) -> list[str]:
    """Servers and frontends of all slots, then the access list of each of these."""
    lists = (f"show acl {access_list_name(slot.number)}" for slot in slots)
    return ["show servers state", "show stat -1 1 -1", *lists]


def cut_all(number: int) -> str:
    """Cut every session that is connected to the slot's server."""
    return f"shutdown sessions server {_server(number)}"


def cut(identifier: str) -> str:
    """Cut one session."""
    return f"shutdown session {identifier}"


def _server(number: int) -> str:
    return f"{slot_name(number)}/{SERVER}"
