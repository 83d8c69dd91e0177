"""The cast of the page tests: one signed-in browser per role, an outsider, and a store with an address."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from console.models import Member, Organization, Person
from console.permissions import Role
from datastores.models import DataStore, EdgeSlot, Node, Operation
from datastores.operations.opening import open_operation

PASSWORD = "p4ssw0rd-of-the-tests"
SignIn = Callable[[Role], Client]


@pytest.fixture
def sign_in(member_as: Callable[[Role], Member]) -> SignIn:
    """Return a browser that is signed in as a new member with a role."""

    def enter(role: Role) -> Client:
        browser = Client()
        browser.force_login(member_as(role).person, backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return enter


@pytest.fixture
def outsider(db: None) -> Client:
    """Return a browser of an Admin of another organization."""
    person = Person.objects.create_user("outsider@other.test", "correct horse battery")
    other = Organization.objects.create(name="Other", handle="other")
    Member.objects.create(organization=other, person=person, role=Role.ADMIN.value)
    browser = Client()
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def running(store: DataStore) -> DataStore:
    """Return a store that runs, as rows: address, password and evidence are there."""
    slot = EdgeSlot.objects.filter(store=None).first() or EdgeSlot(number=9001, port=31899)
    slot.store = store
    slot.save()
    store.admin_password = PASSWORD
    store.save()
    store.set_state(DataStore.State.RUNNING, "A client logged in over TLS in 12 ms.")
    store.nodes.update(state=Node.State.UP, port=23999, protection="No new privileges")
    return store


@pytest.fixture
def work(store: DataStore) -> Operation:
    """Return an operation that works on the store."""
    return open_operation("provision", store=store, requested_by="admin@acme.test")
