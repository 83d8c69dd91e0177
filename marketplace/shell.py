"""What the Marketplace adds to the other applications: navigation, words, its button beside a database, who uses what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.http import urlencode

from console import navigation, wording
from console.navigation import Entry
from console.requests import AuthedRequest
from datastores import offers, uses
from datastores.actions.credentials import login_repaired
from datastores.actions.databases import database_deleted
from datastores.models import Credential, DataStore
from datastores.offers import Offer
from datastores.presentation.roles import refused
from datastores.uses import Question, Use
from marketplace.actions.listings import NO_CREDENTIAL
from marketplace.models import Binding, Listing, Rotation

WORDS = {
    "marketplace.added": "added a database to the Marketplace, of",
    "marketplace.removed": "removed a database from the Marketplace, of",
    "marketplace.described": "described in the Marketplace",
    "project.created": "created the project",
    "project.changed": "changed the project",
    "project.deleted": "deleted a project",
    "component.created": "created the component",
    "component.deleted": "deleted a component of",
    "connection.created": "created the connection",
    "connection.credential_chosen": "chose credentials for the connection",
    "connection.deleted": "deleted the connection",
    "connection.revealed": "revealed the password of the connection",
    "connection.copied": "copied the password of the connection",
    "connection.downloaded": "downloaded the values of the connection",
    "connection.delivered": "fetched the values of the connection",
    "connection.token_created": "made a token for the connection",
    "connection.token_revoked": "revoked a token of the connection",
    "connection.rotated": "rotated the login of the connection",
    "connection.login_retired": "retired a rotated login of",
}


def register() -> None:
    """Add them; called once when the application is ready."""
    navigation.register(
        Entry("Connections", "connection-list", "plug", 25, "Dependencies", "connection:view"),
        Entry("Marketplace", "marketplace", "store", 30, permission="marketplace:view"),
        Entry("Projects", "project-list", "folder", 40, permission="project:view"),
    )
    wording.register(WORDS)
    offers.register(offers_of)
    uses.register("connections", uses_of)


def offers_of(request: AuthedRequest, store: DataStore, databases: Sequence[str]) -> dict[str, Offer]:
    """Return the button of each database: two queries for all of them."""
    listed = {listing.database: listing for listing in Listing.objects.filter(store=store, removed_at=None)}
    covered = set(Credential.objects.filter(store=store).values_list("database", flat=True))
    why = refused(request.member, "marketplace:edit")
    return {name: _offer(store, name, listed.get(name), why or _missing(name, covered)) for name in databases}


def _missing(database: str, covered: set[str]) -> str:
    return "" if database in covered else NO_CREDENTIAL


def _offer(store: DataStore, database: str, listing: Listing | None, why: str) -> Offer:
    if listing is None:
        add = f"{reverse('listing-add', args=[store.pk])}?{urlencode({'database': database})}"
        return Offer(listed=False, url=add, why=why)
    remove, page = reverse("listing-remove", args=[listing.pk]), reverse("listing", args=[listing.pk])
    return Offer(listed=True, url=remove, page_url=page, why="" if why == NO_CREDENTIAL else why)


def uses_of(question: Question) -> list[Use]:
    """Return the connections that depend on what is about to end."""
    found = Binding.objects.filter(store=question.store)
    if question.database is not None:
        found = found.filter(database=question.database)
    if question.username is not None:
        old = Rotation.objects.filter(store=question.store, base=question.username).values("new_username")
        found = found.filter(username=question.username) | found.filter(username__in=old)
    related = found.select_related("connection__project", "connection__component", "environment")
    return [
        Use(
            binding.connection.name,
            reverse("connection", args=[binding.connection_id]),
            binding.connection.place,
            binding.environment.name,
            binding.database,
            binding.username,
        )
        for binding in related.order_by("connection__name", "environment__position")
    ]


@receiver(database_deleted, dispatch_uid="listings-of-a-deleted-database")
def forget_listing(store: DataStore, database: str, **_rest: Any) -> None:
    """Remove the listing of a database that is gone, with what was written about it."""
    Listing.objects.filter(store=store, database=database).delete()


@receiver(login_repaired, dispatch_uid="connections-of-a-repaired-login")
def take_repaired(store: DataStore, username: str, facts: dict[str, Any], **_rest: Any) -> None:
    """Give connections that keep a repaired login its password, too."""
    Binding.objects.filter(store=store, username=username).exclude(kind=Binding.Kind.SUPER_ADMIN).update(**facts)
