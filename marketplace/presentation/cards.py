"""Listings as cards of the Marketplace."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from datastores.models import Credential
from datastores.presentation.rows import engine_label
from datastores.presentation.states import Badge, badge_of
from marketplace.models import Listing

SUMMARY: Final = "No description yet."
BROKEN: Final = (Credential.State.PASSWORD, Credential.State.RIGHT)


@dataclass(frozen=True)
class Card:
    """One listing: what it is, and in which environments new connections find credentials."""

    pk: uuid.UUID
    name: str
    summary: str
    labels: list[str]
    engine: str
    icon: str
    badge: Badge
    environments: list[str]
    broken: list[str]  # environments in which a login was changed or dropped outside the console


def cards_of(listings: Sequence[Listing]) -> list[Card]:
    """Return the cards; the environments of all of them are one query."""
    covered = environments_of(listings)
    return [_card(listing, covered.get((listing.store_id, listing.database), {})) for listing in listings]


def environments_of(listings: Sequence[Listing]) -> dict[tuple[uuid.UUID, str], dict[str, bool]]:
    """Return the environments that have credentials, by store and database: whether a login of theirs is broken."""
    wanted = Q(pk=None)
    for listing in listings:
        wanted |= Q(store_id=listing.store_id, database=listing.database)
    found: dict[tuple[uuid.UUID, str], dict[str, bool]] = {}
    rows = Credential.objects.filter(wanted).order_by("environment__position", "environment__name")
    for store, database, name, state in rows.values_list("store_id", "database", "environment__name", "state"):
        environments = found.setdefault((store, database), {})
        environments[name] = environments.get(name, False) or state in BROKEN
    return found


def _card(listing: Listing, environments: dict[str, bool]) -> Card:
    label, icon = engine_label(listing.store.engine)
    return Card(
        pk=listing.pk,
        name=listing.name,
        summary=listing.summary or SUMMARY,
        labels=listing.labels,
        engine=label,
        icon=icon,
        badge=badge_of(listing.store),
        environments=list(environments),
        broken=[name for name, broken in environments.items() if broken],
    )
