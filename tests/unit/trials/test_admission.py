"""What the free tier may create: one Hobbyist trial of each type."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from console.audit import Actor
from console.errors import Refusal
from console.models import Member, Organization, Tier
from console.permissions import Role
from datastores import actions
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Region, ServicePlan
from tests.unit.pages.conftest import SignIn, sign_in  # noqa: F401

pytestmark = pytest.mark.django_db
DRAFT = {"type": "postgresql", "name": "orders", "cloud": "aws", "region": "eu-central-1"}


@pytest.fixture(autouse=True)
def free(organization: Organization) -> None:
    """A free organization."""
    Organization.objects.filter(pk=organization.pk).update(tier=Tier.FREE)
    organization.refresh_from_db()


def create(
    member: Member, region: Region, *, engine: str = "postgresql", plan: str = "hobbyist", name: str = ""
) -> DataStore:
    """Create a data store for a member."""
    return actions.create_store(
        actor=Actor(person=member.person),
        member=member,
        engine=engine,
        name=name or engine,
        region=region,
        plan=ServicePlan.objects.get(slug=plan),
    )


def test_one_trial_of_each_type(admin: Member, region: Region) -> None:
    for engine in ENGINES:
        store = create(admin, region, engine=engine)
        assert store.trial_ends_at is not None
        assert 6.99 < (store.trial_ends_at - timezone.now()).total_seconds() / 86_400 <= 7
        with pytest.raises(Refusal, match=f"in use by “{engine}”"):
            create(admin, region, engine=engine, name=f"{engine}-2")


def test_a_larger_plan_needs_the_paid_tier(admin: Member, region: Region) -> None:
    with pytest.raises(Refusal, match="needs the paid tier"):
        create(admin, region, plan="startup-4")


def test_a_deleted_trial_makes_room(admin: Member, region: Region) -> None:
    create(admin, region).set_state(DataStore.State.DELETED)
    assert create(admin, region, name="second").trial_ends_at is not None


def test_a_paid_organization_makes_no_trials(admin: Member, region: Region) -> None:
    Organization.objects.update(tier=Tier.PAID)
    assert create(admin, region, plan="startup-4").trial_ends_at is None
    assert create(admin, region, name="second").trial_ends_at is None


def test_the_database_itself_allows_one(admin: Member, region: Region) -> None:
    first = create(admin, region)
    facts = {
        name: getattr(first, name)
        for name in ("organization", "engine", "region", "plan", "trial_ends_at", "admin_user")
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        DataStore.objects.create(name="twin", admin_password="x", **facts)


def test_the_wizard_offers_what_the_tier_offers(sign_in: SignIn, admin: Member, region: Region) -> None:  # noqa: F811
    browser = sign_in(Role.DEVOPS)
    page = browser.get("/databases/create/plan/", DRAFT)
    assert [card.slug for card in page.context["offered"]] == ["hobbyist"]
    assert "7-day free trial" in page.content.decode()
    assert "needs the paid tier" in page.content.decode()
    review = browser.get("/databases/create/review/", DRAFT | {"plan": "hobbyist"}).content.decode()
    assert "A free trial of 7 days" in review
    create(admin, region)
    assert "in use by “postgresql”" in browser.get("/databases/create/plan/", DRAFT).content.decode()
    refused = browser.post(
        "/databases/create/plan/?type=postgresql&name=b&cloud=aws&region=eu-central-1", {"plan": "hobbyist"}
    )
    assert refused.status_code == 422


def test_pages_show_what_is_left(sign_in: SignIn, admin: Member, region: Region) -> None:  # noqa: F811
    store, browser = create(admin, region), sign_in(Role.VIEWER)
    assert "Trial: 7 days left" in browser.get("/databases/").content.decode()
    assert "Free trial: 7 days left" in browser.get(f"/databases/{store.pk}/").content.decode()
    DataStore.objects.filter(pk=store.pk).update(trial_ends_at=timezone.now())
    page = browser.get(f"/databases/{store.pk}/").content.decode()
    assert "The free trial has ended, data kept for 7 days" in page
