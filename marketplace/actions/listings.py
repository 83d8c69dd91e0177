"""Adding databases to the Marketplace, removing them, and what their owners write about them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from console.audit import Actor, record
from console.errors import Refusal
from datastores.engines.registry import ENGINES
from datastores.models import Credential, DataStore
from marketplace.models import Listing

NO_CREDENTIAL = "Import a credential first."


@transaction.atomic
def add_to_marketplace(*, actor: Actor, store: DataStore, database: str) -> Listing:
    """Offer a database to everybody in the organization. Raises :class:`Refusal` without a credential for it.

    What its owner wrote before it was removed is there again.
    """
    store = DataStore.objects.locked(store)
    if not Credential.objects.filter(store=store, database=database).exists():
        raise Refusal(f"“{database}” was not added: it has no credentials.", NO_CREDENTIAL)
    listing, new = Listing.objects.select_for_update().get_or_create(
        store=store,
        database=database,
        defaults={"organization": store.organization, "name": listing_name(store, database), "added_by": actor.person},
    )
    if not new and listing.removed_at is None:
        return listing
    listing.removed_at, listing.added_at, listing.added_by = None, timezone.now(), actor.person
    listing.save(update_fields=["removed_at", "added_at", "added_by"])
    listing.index()
    record(
        "marketplace.added", actor=actor, organization=store.organization, subject=store, database=database,
        listing=listing.name,
    )  # fmt: skip
    return listing


@transaction.atomic
def remove_from_marketplace(*, actor: Actor, listing: Listing) -> None:
    """Let no new connection choose it. Existing connections keep what they have. Twice changes nothing."""
    listing = Listing.objects.select_for_update().get(pk=listing.pk)
    if listing.removed_at is not None:
        return
    listing.removed_at = timezone.now()
    listing.save(update_fields=["removed_at"])
    record(
        "marketplace.removed", actor=actor, organization=listing.organization, subject=listing.store,
        database=listing.database, listing=listing.name,
    )  # fmt: skip


@transaction.atomic
def describe(*, actor: Actor, listing: Listing, name: str, summary: str, overview: str, labels: Sequence[str]) -> None:
    """Save what people read about a listing and find it by."""
    listing.name, listing.summary, listing.overview, listing.labels = name, summary, overview, list(labels)
    listing.save(update_fields=["name", "summary", "overview", "labels"])
    listing.index()
    record(
        "marketplace.described", actor=actor, organization=listing.organization, subject=listing,
        labels=", ".join(labels) or "none",
    )  # fmt: skip


def listing_name(store: DataStore, database: str) -> str:
    """Return the first name of a listing: the store's, with the database where a store can have several."""
    engine = ENGINES.get(store.engine)
    return f"{store.name} / {database}"[:80] if engine and engine.creates_databases else store.name
