"""``manage.py seed_demo``: pages that look like those of a living organization, and nothing that pretends to run."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from console.models import Member
from datastores.demo import seed
from datastores.models import DataStore, Operation

pytestmark = pytest.mark.django_db


def test_every_page_has_something_to_show() -> None:
    demo = seed()
    browser = Client()
    browser.force_login(demo.people[0], backend="django.contrib.auth.backends.ModelBackend")
    for path, word in {
        "/": "Blue Heron",
        "/databases/": "orders",
        "/vector-databases/": "search-embeddings",
        "/usage/": "checkout-cache",
        "/activity/": "mara@",
        "/settings/members/": "Yuki Tanaka",
        "/notifications/": "80 % of its storage",
    }.items():
        assert word in browser.get(path).content.decode(), path
    assert Member.objects.filter(organization=demo.organization).count() == 5


def test_servers_are_made_by_operations_and_nothing_is_called_running() -> None:
    demo = seed()
    assert Operation.objects.filter(kind="provision").count() == len(demo.stores) == 4
    assert not DataStore.objects.filter(state=DataStore.State.RUNNING).exists()


def test_a_second_time_is_refused() -> None:
    call_command("seed_demo", "--without-stores")
    with pytest.raises(CommandError, match="already"):
        call_command("seed_demo", "--without-stores")
