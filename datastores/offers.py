"""Buttons that an application above puts beside each database: adding it to the Marketplace, or removing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.requests import AuthedRequest
from datastores.models import DataStore


@dataclass(frozen=True)
class Offer:
    """Whether a database is offered to others, and the address that changes it; ``why`` says why that can't be."""

    listed: bool
    url: str
    page_url: str = ""
    why: str = ""


Builder = Callable[[AuthedRequest, DataStore, Sequence[str]], dict[str, Offer]]
_builders: list[Builder] = []


def register(builder: Builder) -> None:
    """Let ``builder`` make the offers; a later one replaces it."""
    _builders[:] = [builder]


def offers_of(request: AuthedRequest, store: DataStore, databases: Sequence[str]) -> dict[str, Offer]:
    """Return the offers by database; none where nobody makes any."""
    return _builders[0](request, store, databases) if _builders else {}
