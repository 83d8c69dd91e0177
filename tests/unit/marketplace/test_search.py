"""Searching the Marketplace: in names, labels, content or all, and nothing of another organization."""

from __future__ import annotations

import pytest

from console.audit import Actor
from console.errors import Refusal
from console.models import Member, Organization
from datastores.models import Credential, DataStore
from marketplace.actions import listings as actions
from marketplace.forms.listings import MarketplaceFilter
from marketplace.models import Listing


@pytest.fixture
def listing(store: DataStore, actor: Actor, organization: Organization) -> Listing:
    """The default database, offered and described."""
    Credential.objects.create(
        store=store, database="defaultdb", kind="super_admin", username="hwadmin", name="root",
        environment=organization.environments.get(name="Development"),
    )  # fmt: skip
    made = actions.add_to_marketplace(actor=actor, store=store, database="defaultdb")
    actions.describe(
        actor=actor, listing=made, name="Order book", summary="", overview="Holds **invoices** since 2020.",
        labels=["billing", "eu"],
    )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "ORD"}, True),
        ({"q": "book order"}, True),
        ({"q": "order invoi"}, True),
        ({"q": "bill"}, True),
        ({"q": "invoices", "where": "content"}, True),
        ({"q": "invoices", "where": "name"}, False),
        ({"q": "order", "where": "label"}, False),
        ({"q": "billing", "where": "label"}, True),
        ({"q": "order", "type": "postgresql"}, True),
        ({"q": "order", "type": "mysql"}, False),
        ({"q": "o'r & !:* | ("}, False),
        ({"q": "':*"}, False),
        ({}, True),
        ({"q": "order", "where": "nonsense"}, True),
    ],
)
def test_what_is_found(listing: Listing, admin: Member, query: dict[str, str], found: bool) -> None:
    mine = Listing.objects.for_member(admin, "marketplace:view")
    assert list(MarketplaceFilter(query).apply(mine)) == ([listing] if found else [])


def test_removing_hides_it_and_adding_brings_back_what_was_written(
    listing: Listing, actor: Actor, admin: Member, store: DataStore
) -> None:
    actions.remove_from_marketplace(actor=actor, listing=listing)
    assert not Listing.objects.for_member(admin, "marketplace:view").exists()
    again = actions.add_to_marketplace(actor=actor, store=store, database="defaultdb")
    assert (again.pk, again.overview) == (listing.pk, "Holds **invoices** since 2020.")


def test_a_database_without_credentials_is_not_added(store: DataStore, actor: Actor) -> None:
    with pytest.raises(Refusal, match="no credentials"):
        actions.add_to_marketplace(actor=actor, store=store, database="defaultdb")
