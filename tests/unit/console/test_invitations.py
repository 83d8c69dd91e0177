"""Invitations: bound to an address, used once, ended by time or by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from console.actions import invitations
from console.actions.invitations import accept, invitations_for, invite, link_of
from console.audit import Actor
from console.errors import Refusal
from console.models import AuditEvent, Invitation, Member, Person
from console.permissions import Role
from tests.access.cast import PASSWORD, World

INVITE, MEMBERS = "/settings/members/invite/", "/settings/members/"


@pytest.fixture
def invitation(world: World) -> Invitation:
    """An invitation of somebody who has no account yet."""
    world.client("admin").post(INVITE, {"email": "New@Heron.test", "role": "devops"})
    return Invitation.objects.get(email="new@heron.test")


def path(invitation: Invitation) -> str:
    """Return the path of an invitation's link."""
    return link_of(invitation).removeprefix(settings.CONSOLE_URL)


def test_an_admin_gets_a_link_to_pass_on(world: World, invitation: Invitation) -> None:
    page = world.client("admin").get(f"{MEMBERS}invitations/{invitation.pk}/").content.decode()
    assert link_of(invitation) in page
    assert "new@heron.test" in world.client("admin").get(MEMBERS).content.decode()
    assert "new@heron.test" not in world.client("devops").get(MEMBERS).content.decode()


def test_a_newcomer_signs_up_and_joins(world: World, invitation: Invitation) -> None:
    browser = Client()
    page = browser.get(path(invitation)).content.decode()
    assert "Join Acme" in page
    assert f"/account/signup/?next={path(invitation).replace('/', '%2F').replace(':', '%3A')}" in page
    answer = browser.post(
        f"/account/signup/?next={path(invitation)}", {"email": "new@heron.test", "password1": PASSWORD}
    )
    assert answer["Location"] == path(invitation)
    assert browser.post(path(invitation)).status_code == 302
    member = Member.objects.get(person__email="new@heron.test")
    assert (member.organization, member.role) == (world.organization, "devops")
    assert "Acme" in browser.get("/").content.decode()
    assert AuditEvent.objects.get(action="member.joined").actor == "new@heron.test"


def test_it_works_once(world: World, invitation: Invitation) -> None:
    person = Person.objects.create_user("new@heron.test")
    member = accept(actor=Actor(person=person), person=person, invitation=invitation)
    member.delete()
    with pytest.raises(Refusal, match="no longer be used"):
        accept(actor=Actor(person=person), person=person, invitation=invitation)
    assert Client().get(path(invitation)).status_code == 410


def test_another_address_is_told_so_and_does_not_join(world: World, invitation: Invitation) -> None:
    outsider = world.client("outsider")
    assert "not for you" in outsider.get(path(invitation)).content.decode()
    assert outsider.post(path(invitation)).status_code == 403
    assert not Member.objects.filter(organization=world.organization, person=world.people["outsider"]).exists()


def test_it_ends_by_time(world: World, invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(path(invitation)).status_code == 410
    assert "new@heron.test" not in world.client("admin").get(MEMBERS).content.decode()


def test_it_ends_by_hand(world: World, invitation: Invitation) -> None:
    world.client("admin").post(f"{MEMBERS}invitations/{invitation.pk}/revoke/")
    assert Client().get(path(invitation)).status_code == 410
    assert AuditEvent.objects.get(action="member.invitation_revoked").object_name == "new@heron.test"


def test_a_second_invitation_ends_the_first(world: World, invitation: Invitation) -> None:
    world.client("admin").post(INVITE, {"email": "new@heron.test", "role": "viewer"})
    invitation.refresh_from_db()
    assert not invitation.is_open
    assert Invitation.objects.open().get(email="new@heron.test").role == "viewer"


@pytest.mark.parametrize("token", ["", "x", "0:1", "00000000-0000-0000-0000-000000000001:forged"])
def test_a_token_that_nobody_signed_is_nothing(db: None, token: str) -> None:
    assert Invitation.of_token(token) is None


def test_a_changed_token_is_nothing(invitation: Invitation, world: World) -> None:
    own, other = invitation.token, world.invitation.token
    assert Invitation.of_token(own.split(":")[0] + ":" + other.split(":")[1]) is None


def test_a_member_is_not_invited_again(world: World) -> None:
    answer = world.client("admin").post(INVITE, {"email": "viewer@cast.test", "role": "admin"})
    assert answer.status_code == 422
    assert "is a member already" in answer.content.decode()


def test_the_mail_goes_to_the_address_with_the_link(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAIL_CONFIGURED", True)
    world.client("admin").post(INVITE, {"email": "new@heron.test", "role": "viewer"})
    (message,) = mail.outbox
    assert message.recipients() == ["new@heron.test"]
    assert link_of(Invitation.objects.get(email="new@heron.test")) in str(message.body)


def test_where_mail_confirms_addresses_only_a_confirmed_one_joins(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "MAIL_CONFIGURED", True)
    person = Person.objects.create_user("new@heron.test")
    address = EmailAddress.objects.create(user=person, email=person.email, verified=False)
    with pytest.raises(Refusal, match=r"is for new@heron\.test"):
        accept(actor=Actor(person=person), person=person, invitation=invitation)
    assert not invitations_for(person).exists()
    address.verified = True
    address.save()
    assert list(invitations_for(person)) == [invitation]
    accept(actor=Actor(person=person), person=person, invitation=invitation)


def test_without_mail_nobody_joins_without_the_link(invitation: Invitation) -> None:
    assert not invitations_for(Person.objects.create_user("new@heron.test")).exists()


def test_too_many_in_a_day_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_PER_DAY", 2)
    actor = Actor(person=world.people["admin"])
    invite(actor=actor, organization=world.organization, email="one@heron.test", role=Role.VIEWER)
    with pytest.raises(Refusal, match="within a day"):
        invite(actor=actor, organization=world.organization, email="two@heron.test", role=Role.VIEWER)
