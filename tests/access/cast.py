"""The people of the access matrix, and the rows that they try to reach."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from console.actions.organizations import create_organization
from console.audit import Actor
from console.models import Environment, Invitation, Member, Organization, Person, Webhook
from console.permissions import Role
from console.webhooks import new_secret
from datastores.models import DataStore, EdgeSlot, Node, Operation, Region, ServicePlan
from datastores.operations import registry

PASSWORD = "correct horse battery"
OUTSIDER, ANONYMOUS = "outsider", "anonymous"
CAST = (*(role.value for role in Role), OUTSIDER, ANONYMOUS)


@dataclass
class World:
    """One organization with a member per role and a data store, another one with an outsider as its Admin."""

    organization: Organization
    people: dict[str, Person]
    environment: Environment
    store: DataStore
    operation: Operation
    webhook: Webhook
    invitation: Invitation

    def client(self, who: str) -> Client:
        """Return a browser in which ``who`` is signed in."""
        client = Client()
        if who != ANONYMOUS:
            client.force_login(self.people[who])
        return client


def make_world() -> World:
    """Create the rows; nothing runs for them."""
    people = {
        who: Person.objects.create(email=f"{who}@cast.test", password=_hash()) for who in CAST if who != ANONYMOUS
    }
    organization = create_organization(actor=Actor(person=people["admin"]), name="Acme", handle="acme")
    create_organization(actor=Actor(person=people[OUTSIDER]), name="Elsewhere", handle="elsewhere")
    for role in Role:
        if role is not Role.ADMIN:
            Member.objects.create(organization=organization, person=people[role.value], role=role.value)
    store = _store(organization)
    development = organization.environments.get(name="Development")
    webhook = Webhook.objects.create(
        organization=organization, url="https://hooks.test/", secret=new_secret(), kinds=[]
    )
    invitation = Invitation.objects.create(
        organization=organization, email=f"{OUTSIDER}@cast.test", role=Role.VIEWER.value, invited_by=people["admin"]
    )
    return World(organization, people, development, store, _failed(store), webhook, invitation)


@functools.cache
def _hash() -> str:
    """Return the hash of everybody's password; it is slow to make, so it is made once."""
    return make_password(PASSWORD)


def _store(organization: Organization) -> DataStore:
    store = DataStore.objects.create(
        organization=organization,
        name="orders",
        engine="postgresql",
        region=Region.objects.get(cloud__slug="aws", code="eu-central-1"),
        plan=ServicePlan.objects.get(slug="hobbyist"),
        state=DataStore.State.RUNNING,
        admin_user="hwadmin",
        admin_password="not-a-real-password",
        default_database="defaultdb",
    )
    Node.objects.create(store=store, number=1, state=Node.State.UP)
    EdgeSlot.objects.update_or_create(number=1, defaults={"port": 21001, "store": store})
    return store


def _failed(store: DataStore) -> Operation:
    return Operation.objects.create(
        store=store,
        kind="power_on",
        step=registry.find("power_on", "local").first,
        state=Operation.State.FAILED,
        sentence="The server did not start.",
        remedy="Retry.",
        deadline=timezone.now() + timedelta(minutes=5),
        requested_by="admin@cast.test",
    )
