"""People for the tests of the console's pages: one browser per role, and an outsider's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from console.actions.organizations import create_organization
from console.audit import Actor
from console.models import Organization, Person
from tests.access.cast import World, make_world

Browser = Callable[[str], Client]


@pytest.fixture
def world(db: None) -> World:
    """The organization Acme with a member per role and a data store."""
    return make_world()


@pytest.fixture
def browser(world: World) -> Browser:
    """Return a browser of somebody in the cast, such as ``browser("viewer")``."""
    return world.client


@pytest.fixture
def newcomer(db: None) -> Person:
    """A person who has just signed up and belongs nowhere."""
    return Person.objects.create_user("new@heron.test")


@pytest.fixture
def taken(db: None) -> Organization:
    """An organization of somebody else, with the handle ``blue-heron``."""
    owner = Person.objects.create_user("owner@heron.test")
    return create_organization(actor=Actor(person=owner), name="Blue Heron", handle="blue-heron")
