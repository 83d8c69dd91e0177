"""Fixtures that are rows: an organization, its people, a data store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.audit import Actor
from console.models import Environment, Member, Organization, Person, Tier
from console.models.organization import DEFAULT_ENVIRONMENTS
from console.permissions import Role
from datastores.models import AllowedNetwork, DataStore, Node, Region, ServicePlan


@pytest.fixture
def organization(db: None) -> Organization:
    """A paid organization with its two environments and nobody in it."""
    organization = Organization.objects.create(name="Acme", handle="acme", tier=Tier.PAID)
    for position, (name, critical) in enumerate(DEFAULT_ENVIRONMENTS):
        Environment.objects.create(organization=organization, name=name, critical=critical, position=position)
    return organization


@pytest.fixture
def member_as(organization: Organization) -> Callable[[Role], Member]:
    """Make a member with a role."""

    def make(role: Role) -> Member:
        person = Person.objects.create_user(f"{role.value}@acme.test", "correct horse battery")
        return Member.objects.create(organization=organization, person=person, role=role.value)

    return make


@pytest.fixture
def admin(member_as: Callable[[Role], Member]) -> Member:
    """The organization's Admin."""
    return member_as(Role.ADMIN)


@pytest.fixture
def actor(admin: Member) -> Actor:
    """The Admin as the trail names them."""
    return Actor(person=admin.person, address="127.0.0.1")


@pytest.fixture
def plan(db: None) -> ServicePlan:
    """The Hobbyist plan."""
    return ServicePlan.objects.get(slug="hobbyist")


@pytest.fixture
def region(db: None) -> Region:
    """Frankfurt on AWS."""
    return Region.objects.get(cloud__slug="aws", code="eu-central-1")


@pytest.fixture
def store(organization: Organization, plan: ServicePlan, region: Region) -> DataStore:
    """A data store as rows only: nothing runs for it."""
    store = DataStore.objects.create(
        organization=organization,
        name="orders",
        engine="postgresql",
        region=region,
        plan=plan,
        admin_user="hwadmin",
        admin_password="not-a-real-password",
        default_database="defaultdb",
    )
    Node.objects.create(store=store, number=1)
    AllowedNetwork.allow_everybody(store)
    return store
