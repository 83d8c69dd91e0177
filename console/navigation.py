"""The entries of the left navigation: each application registers its own, the shell shows them in order.

An application above the console adds its pages in its ``AppConfig.ready``::

    navigation.register(Entry("Databases", "store-list", "database", position=20, group="Dependencies"))
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import reverse

from console.models import Member


@dataclass(frozen=True)
class Entry:
    """One place to go. ``icon`` is a lucide name; entries of one ``group`` stand together under its name.

    ``also`` names the routes that belong to the entry although their address does not begin with its own.
    """

    label: str
    route: str
    icon: str
    position: int
    group: str = ""
    permission: str = "organization:view"
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """An entry as one page shows it."""

    label: str
    url: str
    icon: str
    current: bool


@dataclass
class Group:
    """Items under one name; the empty name is the top level."""

    label: str
    items: list[Item] = field(default_factory=list)


_entries: dict[str, Entry] = {}


def register(*entries: Entry) -> None:
    """Add entries; one that names a known route replaces it, so that registering twice does no harm."""
    _entries.update({entry.route: entry for entry in entries})


def entries() -> list[Entry]:
    """Return all entries in the order of the page."""
    return sorted(_entries.values(), key=lambda entry: entry.position)


def groups(request: HttpRequest, member: Member) -> list[Group]:
    """Return what ``member`` may open, grouped in order; the entry of the page itself is current."""
    allowed = [entry for entry in entries() if member.can(entry.permission)]
    current = _current(request, allowed)
    found: list[Group] = []
    for entry in allowed:
        if not found or found[-1].label != entry.group:
            found.append(Group(entry.group))
        found[-1].items.append(Item(entry.label, reverse(entry.route), entry.icon, current=entry is current))
    return found


def _current(request: HttpRequest, allowed: list[Entry]) -> Entry | None:
    """Find the entry of a request: the one that the view or the route names, else the longest address it begins with."""
    route = getattr(request, "navigation_route", None)
    if route is None and request.resolver_match:
        route = request.resolver_match.url_name
    for entry in allowed:
        if route in {entry.route, *entry.also}:
            return entry
    addresses = {entry: reverse(entry.route) for entry in allowed}
    inside = [entry for entry, url in addresses.items() if url != "/" and request.path.startswith(url)]
    return max(inside, key=lambda entry: len(addresses[entry]), default=None)
