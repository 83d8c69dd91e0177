"""What a measurement changes: rows, the trail, and mails that are sent once, to those who can act."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage

from console.delivery import deliver_due
from console.models import AuditEvent, Member
from console.permissions import Role
from datastores.models import DataStore
from datastores.sites import disk_news, disk_use

pytestmark = pytest.mark.django_db
SIZE = 1000


@pytest.fixture(autouse=True)
def people(member_as: Callable[[Role], Member], monkeypatch: pytest.MonkeyPatch) -> None:
    """One member of every role, and a mail server."""
    monkeypatch.setattr(settings, "MAIL_CONFIGURED", True)
    for role in Role:
        member_as(role)


def measure(store: DataStore, used: int) -> DataStore:
    """Save a measurement and tell, as the watch does; return the row."""
    disk_use.save(store, used=used, size=SIZE)
    disk_use.tell(store, used=used, size=SIZE)
    return DataStore.objects.get(pk=store.pk)


def mails() -> list[EmailMessage]:
    """Send what is due and return every mail so far, in the order of what happened."""
    deliver_due()
    return list(mail.outbox)


def trail(store: DataStore) -> list[str]:
    """Return the store's events, oldest first."""
    return list(
        AuditEvent.objects.filter(object_id=str(store.pk)).order_by("at", "pk").values_list("action", flat=True)
    )


def test_a_measurement_is_saved_and_says_nothing_while_there_is_room(store: DataStore) -> None:
    store = measure(store, 799)
    assert (store.disk_used_bytes, store.disk_warned_percent, store.read_only_since) == (799, 0, None)
    assert store.disk_measured_at is not None
    assert mails() == []
    assert trail(store) == []


def test_a_threshold_is_mailed_once_to_admins_and_devops_each_alone(store: DataStore) -> None:
    for used in (800, 850, 810):
        store = measure(store, used)
    assert sorted(message.to[0] for message in mails()) == ["admin@acme.test", "devops@acme.test"]
    assert all(len(message.recipients()) == 1 for message in mails())
    assert "80 %" in mails()[0].subject
    assert f"/databases/{store.pk}/" in str(mails()[0].body)
    assert trail(store) == ["store.disk_warned"]


def test_the_next_threshold_and_the_same_after_a_fall_are_mailed_again(store: DataStore) -> None:
    for used in (800, 900, 500, 800):
        store = measure(store, used)
    assert [message.subject.rpartition(": ")[2][:4] for message in mails()[::2]] == ["80 %", "90 %", "80 %"]


def test_writes_stop_and_come_back_with_events_and_mails(store: DataStore) -> None:
    store = measure(store, 970)
    since = store.read_only_since
    assert since is not None
    assert "SET default_transaction_read_only = off" in str(mails()[0].body)
    store = measure(store, 940)
    assert store.read_only_since == since
    store = measure(store, 500)
    assert store.read_only_since is None
    assert ["read-only" in message.subject for message in mails()] == [True, True, False, False]
    assert "takes writes again" in mails()[-1].subject
    assert trail(store) == ["store.writes_stopped", "store.disk_warned", "store.writes_allowed"]


def test_what_is_told_and_what_is_saved_stand_or_fall_together(
    store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(disk_news, "warn", die)
        with pytest.raises(KeyboardInterrupt):
            measure(store, 980)
    store.refresh_from_db()
    assert store.read_only_since is not None
    assert store.disk_warned_percent == 0
    store = measure(store, 980)
    assert len(mails()) == 2
    assert trail(store) == ["store.writes_stopped", "store.disk_warned"]


def test_an_organization_without_keepers_is_no_error(store: DataStore) -> None:
    Member.objects.exclude(role=Role.VIEWER.value).delete()
    assert measure(store, 900).disk_warned_percent == 90
    assert mails() == []
