"""The reader endpoint on the Overview: shown with what serves there, revealed and copied as the other secrets are."""

from __future__ import annotations

import pytest

from console.models import AuditEvent
from console.permissions import Role
from datastores.models import DataStore, EdgeSlot, ServicePlan
from tests.unit.pages.conftest import PASSWORD, SignIn

HTMX = {"HX-Request": "true"}


@pytest.fixture
def read(running: DataStore) -> EdgeSlot:
    """The reader slot of a running store with standbys; nobody serves there yet."""
    running.plan = ServicePlan.objects.get(slug="premium-4")
    running.save(update_fields=["plan"])
    return EdgeSlot.objects.create(number=9_100, port=31_898, reader_of=running)


def page(sign_in: SignIn, store: DataStore) -> str:
    return sign_in(Role.ADMIN).get(f"/databases/{store.pk}/").content.decode()


@pytest.mark.parametrize(
    ("ports", "sentence"),
    [
        ([], "No standby serves reads now, so connections are refused."),
        ([23_001], "1 standby serves reads now."),
        ([23_001, 23_002], "2 standbys serve reads now."),
    ],
)
def test_the_overview_says_where_reads_go_and_who_serves(
    sign_in: SignIn, running: DataStore, read: EdgeSlot, ports: list[int], sentence: str
) -> None:
    read.reader_ports = ports
    read.save()
    body = page(sign_in, running)
    assert "Reader endpoint" in body
    assert sentence in body
    assert "postgresql://hwadmin:********@localhost:31898/" in body
    assert PASSWORD not in body


def test_a_store_without_standbys_has_none(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    assert "Reader" not in browser.get(f"/databases/{running.pk}/").content.decode()
    for data in ({}, {"purpose": "copy"}):
        assert browser.post(f"/databases/{running.pk}/reveal/?what=reader_uri", data).status_code == 404
    assert browser.get(f"/databases/{running.pk}/", {"field": "reader_uri"}, headers=HTMX).status_code == 404
    assert not AuditEvent.objects.filter(action__contains="password").exists()


def test_a_plan_without_standbys_shows_none_while_they_are_made(
    sign_in: SignIn, running: DataStore, read: EdgeSlot
) -> None:
    running.plan = ServicePlan.objects.get(slug="startup-4")
    running.save(update_fields=["plan"])
    assert "Reader endpoint" not in page(sign_in, running)


def test_its_uri_is_revealed_and_copied_with_a_trace(sign_in: SignIn, running: DataStore, read: EdgeSlot) -> None:
    browser, url = sign_in(Role.DEVOPS), f"/databases/{running.pk}/reveal/?what=reader_uri"
    shown = f"postgresql://hwadmin:{PASSWORD}@localhost:31898/"
    assert shown in browser.post(url).content.decode()
    assert shown in browser.post(url, headers=HTMX).content.decode()
    assert browser.post(url, {"purpose": "copy"}).content.decode().startswith(shown)
    assert AuditEvent.objects.filter(action__contains="password").count() == 3
