"""A believable organization for screenshots and for trying things out: people, data stores, two months of history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from console.actions.invitations import invite
from console.actions.organizations import create_organization
from console.actions.tiers import set_tier
from console.audit import Actor, record
from console.errors import Refusal
from console.models import Member, Organization, Person, Tier
from console.notices import Kind, notify
from console.permissions import Role
from datastores.actions import create_store
from datastores.models import DataStore, MeterReading, Region, ServicePlan
from datastores.passwords import generate_password

HANDLE: Final = "blue-heron"
PEOPLE: Final = (
    ("mara", "Mara Lindqvist", Role.ADMIN),
    ("jonas", "Jonas Okafor", Role.DEVOPS),
    ("priya", "Priya Raman", Role.DEVELOPER),
    ("tomas", "Tomás Herrera", Role.BILLING_ADMIN),
    ("yuki", "Yuki Tanaka", Role.VIEWER),
)
DOMAIN: Final = "blue-heron.example"
# Real servers, made by the worker as if somebody had clicked: engine, name, cloud, region
STORES: Final = (
    ("postgresql", "orders", "aws", "eu-central-1"),
    ("postgresql-vector", "search-embeddings", "gcp", "europe-west3"),
    ("mysql", "shop", "digitalocean", "fra1"),
    ("cache", "sessions", "azure", "westeurope"),
)
# What was there before: engine, name, plan, days ago it began and ended
PAST: Final = (
    ("postgresql", "orders-staging", "hobbyist", 58, 12),
    ("mysql", "reports", "startup-4", 49, 31),
    ("cache", "checkout-cache", "startup-4", 35, 3),
)


@dataclass(frozen=True)
class Demo:
    """What was made; everybody has the same password."""

    organization: Organization
    people: list[Person]
    password: str
    stores: list[DataStore]


@transaction.atomic
def seed(*, with_stores: bool = True) -> Demo:
    """Make the organization. Raises :class:`Refusal` where it is there already."""
    if Organization.objects.filter(handle=HANDLE).exists():
        raise Refusal(f"There is an organization “{HANDLE}” already.", "Delete it first.")
    password = generate_password()
    people = [_person(name, words, password) for name, words, _ in PEOPLE]
    actor = Actor(person=people[0], address="192.0.2.10")
    organization = create_organization(actor=actor, name="Blue Heron", handle=HANDLE)
    for person, (_, _, role) in zip(people[1:], PEOPLE[1:], strict=True):
        Member.objects.create(organization=organization, person=person, role=role.value)
        record("member.joined", actor=Actor(person=person), organization=organization, subject=person, role=role.label)
    set_tier(actor=Actor(label="seed_demo"), organization=organization, tier=Tier.PAID)
    organization.refresh_from_db()
    invite(actor=actor, organization=organization, email=f"sam@{DOMAIN}", role=Role.DEVELOPER)
    for engine, name, plan, began, ended in PAST:
        _past(organization, engine, name, plan, began, ended)
    member = Member.objects.get(organization=organization, person=people[0])
    stores = [_store(actor, member, *facts) for facts in STORES] if with_stores else []
    return Demo(organization, people, password, stores)


def _person(name: str, words: str, password: str) -> Person:
    email = f"{name}@{DOMAIN}"
    if Person.objects.filter(email=email).exists():
        raise Refusal(f"There is a person {email} already.", "Remove the people of the earlier demonstration first.")
    return Person.objects.create_user(email, password, name=words)


def _store(actor: Actor, member: Member, engine: str, name: str, cloud: str, region: str) -> DataStore:
    return create_store(
        actor=actor,
        member=member,
        engine=engine,
        name=name,
        region=Region.objects.get(cloud__slug=cloud, code=region),
        plan=ServicePlan.objects.get(slug="hobbyist"),
    )


def _past(organization: Organization, engine: str, name: str, plan: str, began: int, ended: int) -> None:
    """Add a deleted data store with what it used; nothing runs for it and nothing pretends to."""
    now = timezone.now()
    begin, end = now - timedelta(days=began), now - timedelta(days=ended)
    store = DataStore.objects.create(
        organization=organization,
        name=name,
        engine=engine,
        region=Region.objects.get(cloud__slug="aws", code="eu-central-1"),
        plan=ServicePlan.objects.get(slug=plan),
        state=DataStore.State.DELETED,
        state_since=end,
        admin_user="hwadmin",
        admin_password="",
        created_at=begin,
        deleted_at=end,
    )
    _readings(store, begin, end)
    notify(
        organization,
        Kind.DISK,
        f"{name}: 80 % of its storage is in use",
        "Delete what is no longer needed, or move to a larger plan. At 97 % writes are stopped so that the server stays up.",
        path=reverse("usage"),
    )


def _readings(store: DataStore, begin: datetime, end: datetime) -> None:
    """Let it have run, with every seventh night off."""
    moment = begin
    while moment < end:
        off = min(moment + timedelta(days=6, hours=14), end)
        MeterReading.objects.create(store=store, at=moment, active=True, plan=store.plan)
        MeterReading.objects.create(store=store, at=off, active=False, plan=store.plan)
        moment += timedelta(days=7)
