"""What a measurement changes: rows, the trail, and mails that are sent once, to those who can act."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from console.models import AuditEvent, Member
from console.permissions import Role
from datastores.models import DataStore
from datastores.sites import disk_use

pytestmark = pytest.mark.django_db
SIZE = 1000


@pytest.fixture(autouse=True)
def people(member_as: Callable[[Role], Member]) -> None:
    """One member of every role."""
    for role in Role:
        member_as(role)


def measure(store: DataStore, used: int) -> DataStore:
    """Save a measurement and tell, as the watch does; return the row."""
    disk_use.save(store, used=used, size=SIZE)
    disk_use.tell(store, used=used, size=SIZE)
    return DataStore.objects.get(pk=store.pk)


def trail(store: DataStore) -> list[str]:
    """Return the store's events, oldest first."""
    return list(
        AuditEvent.objects.filter(object_id=str(store.pk)).order_by("at", "pk").values_list("action", flat=True)
    )


def test_a_measurement_is_saved_and_says_nothing_while_there_is_room(store: DataStore) -> None:
    store = measure(store, 799)
    assert (store.disk_used_bytes, store.disk_warned_percent, store.read_only_since) == (799, 0, None)
    assert store.disk_measured_at is not None
    assert mail.outbox == []
    assert trail(store) == []


def test_a_threshold_is_mailed_once_to_admins_and_devops_each_alone(store: DataStore) -> None:
    for used in (800, 850, 810):
        store = measure(store, used)
    assert sorted(message.to[0] for message in mail.outbox) == ["admin@acme.test", "devops@acme.test"]
    assert all(len(message.recipients()) == 1 for message in mail.outbox)
    assert "80 %" in mail.outbox[0].subject
    assert f"/databases/{store.pk}/" in str(mail.outbox[0].body)
    assert trail(store) == ["store.disk_warned"]


def test_the_next_threshold_and_the_same_after_a_fall_are_mailed_again(store: DataStore) -> None:
    for used in (800, 900, 500, 800):
        store = measure(store, used)
    assert [message.subject.rpartition(": ")[2][:4] for message in mail.outbox[::2]] == ["80 %", "90 %", "80 %"]


def test_writes_stop_and_come_back_with_events_and_mails(store: DataStore) -> None:
    store = measure(store, 970)
    since = store.read_only_since
    assert since is not None
    assert "SET default_transaction_read_only = off" in str(mail.outbox[0].body)
    store = measure(store, 940)
    assert store.read_only_since == since
    store = measure(store, 500)
    assert store.read_only_since is None
    assert ["read-only" in message.subject for message in mail.outbox] == [True, True, False, False]
    assert "takes writes again" in mail.outbox[-1].subject
    assert trail(store) == ["store.writes_stopped", "store.disk_warned", "store.writes_allowed"]


def test_a_mail_server_that_is_down_stops_writes_all_the_same_and_is_asked_again(
    store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailBackend, messages: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        store = measure(store, 980)
    assert store.read_only_since is not None
    assert store.disk_warned_percent == 0
    store = measure(store, 980)
    assert len(mail.outbox) == 2
    assert trail(store) == ["store.writes_stopped", "store.disk_warned"]


def test_an_organization_without_keepers_is_no_error(store: DataStore) -> None:
    Member.objects.exclude(role=Role.VIEWER.value).delete()
    assert measure(store, 900).disk_warned_percent == 90
    assert mail.outbox == []
