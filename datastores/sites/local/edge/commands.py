"""The admin socket's commands for the changes of a slot."""

from __future__ import annotations

from .configuration import access_list_name
from .slots import Address, Slot, slot_name


def close(number: int) -> str:
    """Refuse new connections; sessions go on until they are cut."""
    return f"disable frontend {slot_name(number)}"


def withdraw(number: int, name: str) -> str:
    """Take a server away; sessions to it go on until they are cut."""
    return f"set server {_server(number, name)} state maint"


def lead_to(number: int, name: str, server: Address) -> list[str]:
    """Lead new connections to a server as well."""
    return [
        f"set server {_server(number, name)} addr {server.host} port {server.port}",
        f"set server {_server(number, name)} state ready",
    ]


def accept(number: int) -> str:
    """Take new connections."""
    return f"enable frontend {slot_name(number)}"


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


def cut_all(number: int, name: str) -> str:
    """Cut every session that is connected to one of the slot's servers."""
    return f"shutdown sessions server {_server(number, name)}"


def cut(identifier: str) -> str:
    """Cut one session."""
    return f"shutdown session {identifier}"


def _server(number: int, name: str) -> str:
    return f"{slot_name(number)}/{name}"
