"""What ``notify`` writes: one row for the page, and an outbox for mails and webhooks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import transaction

from console.models import Delivery, Member, Notice, Organization, Person, Webhook
from console.notices import KINDS, SUBSCRIBABLE, Kind, notify, notify_person
from console.permissions import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(member_as: Callable[[Role], Member], monkeypatch: pytest.MonkeyPatch) -> None:
    """One member of every role, and a mail server."""
    monkeypatch.setattr(settings, "MAIL_CONFIGURED", True)
    for role in Role:
        member_as(role)


def mailed() -> list[str]:
    """Return who has a mail in the outbox."""
    return sorted(person.email for each in Delivery.objects.filter(webhook=None) if (person := each.recipient))


@pytest.mark.parametrize("kind", SUBSCRIBABLE)
def test_every_kind_is_mailed_to_its_roles(organization: Organization, kind: Kind) -> None:
    notice = notify(organization, kind, "orders", "Something happened.")
    assert notice is not None
    assert notice.tone == KINDS[kind].tone
    assert mailed() == sorted(f"{role.value}@acme.test" for role in KINDS[kind].mailed)


def test_a_kind_that_a_member_muted_is_not_mailed_to_them(organization: Organization) -> None:
    Member.objects.filter(role="admin").update(muted=["disk"])
    notify(organization, Kind.DISK, "orders", "80 % are in use.")
    assert mailed() == ["devops@acme.test"]


def test_nothing_is_mailed_without_a_mail_server(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAIL_CONFIGURED", False)
    notify(organization, Kind.DISK, "orders", "80 % are in use.")
    assert mailed() == []


def test_a_webhook_gets_what_it_asked_for(organization: Organization) -> None:
    wanted, other = (
        Webhook.objects.create(organization=organization, url="https://a.test", secret="s", kinds=kinds)
        for kinds in (["disk", "failure"], ["trial"])
    )
    notify(organization, "failure", "orders", "It failed.")
    assert wanted.deliveries.count() == 1
    assert other.deliveries.count() == 0


def test_the_same_key_is_told_once(organization: Organization) -> None:
    assert notify(organization, Kind.TRIAL, "orders", "Two days left.", key="trial:1")
    assert notify(organization, Kind.TRIAL, "orders", "Two days left.", key="trial:1") is None
    assert Notice.objects.count() == 1
    assert notify(organization, Kind.TRIAL, "orders", "One day left.") is not None
    assert notify(organization, Kind.TRIAL, "orders", "One day left.") is not None


def test_what_is_rolled_back_was_never_told(organization: Organization) -> None:
    with transaction.atomic():
        notify(organization, Kind.FAILURE, "orders", "It failed.")
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    assert not Delivery.objects.exists()


def test_an_unknown_kind_is_an_error(organization: Organization) -> None:
    with pytest.raises(ValueError, match="gossip"):
        notify(organization, "gossip", "orders", "They say …")


def test_long_texts_are_cut_to_their_columns(organization: Organization) -> None:
    assert notify(organization, Kind.FAILURE, "x" * 999, "y" * 999) is not None


def test_a_person_alone_is_told_in_the_page_and_by_mail(organization: Organization) -> None:
    person = Person.objects.get(email="viewer@acme.test")
    notify_person(person, Kind.SIGN_IN, "New device", "Somebody signed in.")
    viewer, developer = (Member.objects.get(role=role) for role in ("viewer", "developer"))
    assert Notice.objects.for_member(viewer).count() == 1
    assert Notice.objects.for_member(developer).count() == 0
    assert mailed() == ["viewer@acme.test"]
