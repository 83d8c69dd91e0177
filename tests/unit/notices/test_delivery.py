"""The outbox: signed webhooks over a real connection, retries that back off, one broken receiver among others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.delivery import PAUSES, deliver_due, pause_after
from console.models import Delivery, Member, Organization, Webhook
from console.notices import Kind, notify
from console.webhooks import checked_address, may_reach, new_secret
from tests.unit.notices.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def local_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let webhooks reach this machine."""
    monkeypatch.setattr(settings, "WEBHOOK_NETWORKS", ["127.0.0.0/8"])


def hook_to(organization: Organization, url: str) -> Webhook:
    """Make a webhook that gets everything about failures."""
    return Webhook.objects.create(organization=organization, url=url, secret=new_secret(), kinds=["failure"])


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a message as a receiver does that knows the Standard Webhooks specification."""
    key = base64.b64decode(secret[len("whsec_") :])
    content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    wanted = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return headers["webhook-signature"] == f"v1,{wanted}"


def tomorrow_comes() -> None:
    """Let every waiting time be over."""
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now())


def test_a_message_arrives_signed(organization: Organization, local_networks: None) -> None:
    with Receiver() as receiver:
        hook = hook_to(organization, receiver.url)
        notify(
            organization, Kind.FAILURE, "orders: “Power on” failed", "The server did not start.", path="/databases/1/"
        )
        assert deliver_due() == 1
    (message,) = receiver.messages
    assert message.path == "/hook?from=headwater"
    assert verify(hook.secret, message.headers, message.body)
    assert not verify(new_secret(), message.headers, message.body)
    content = json.loads(message.body)
    assert content["type"] == "failure"
    assert content["data"]["sentence"] == "The server did not start."
    assert content["data"]["url"] == f"{settings.CONSOLE_URL}/databases/1/"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 1)
    assert deliver_due() == 0


def test_a_failing_receiver_is_asked_again_with_the_same_id(organization: Organization, local_networks: None) -> None:
    with Receiver(status=500) as receiver:
        hook_to(organization, receiver.url)
        notify(organization, Kind.FAILURE, "orders", "It failed.")
        deliver_due()
        waiting = Delivery.objects.get()
        assert (waiting.state, waiting.status, waiting.problem) == ("waiting", 500, "The server answered 500.")
        assert timedelta(seconds=5) < waiting.due_at - timezone.now() <= timedelta(seconds=10)
        assert deliver_due() == 0
        receiver.status = 200
        tomorrow_comes()
        assert deliver_due() == 1
    assert Delivery.objects.get().state == "delivered"
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


def test_it_is_given_up_after_the_last_pause(organization: Organization) -> None:
    hook_to(organization, "https://does-not-exist.invalid/")
    notify(organization, Kind.FAILURE, "orders", "It failed.")
    for _ in range(len(PAUSES) + 1):
        tomorrow_comes()
        assert deliver_due() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("failed", len(PAUSES) + 1)
    assert "could not be resolved" in delivery.problem
    assert deliver_due() == 0


def test_a_redirect_is_not_followed(organization: Organization, local_networks: None) -> None:
    with Receiver(status=302) as receiver:
        hook_to(organization, receiver.url)
        notify(organization, Kind.FAILURE, "orders", "It failed.")
        deliver_due()
    assert Delivery.objects.get().status == 302
    assert Delivery.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "[::]", "[::ffff:127.0.0.1]"]
)
def test_the_consoles_own_network_is_never_reached(organization: Organization, host: str) -> None:
    with Receiver() as receiver:
        hook_to(organization, receiver.url.replace("127.0.0.1", host))
        notify(organization, Kind.FAILURE, "orders", "It failed.")
        deliver_due()
    assert receiver.messages == []
    assert "not one of the internet" in Delivery.objects.get().problem


def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[(0, 0, 0, "", ("93.184.216.34", 443))], [(0, 0, 0, "", ("127.0.0.1", 443))]])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: next(answers))
    assert checked_address("rebinding.test", 443) == "93.184.216.34"


@given(st.ip_addresses())
def test_only_addresses_of_the_internet_may_be_reached(address: object) -> None:
    assert not may_reach(str(address)) or getattr(address, "is_global", False)


def test_one_broken_delivery_does_not_hold_the_others(
    organization: Organization, local_networks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        broken, _good = hook_to(organization, "https://example.invalid/"), hook_to(organization, receiver.url)
        Webhook.objects.filter(pk=broken.pk).update(secret="")
        notify(organization, Kind.FAILURE, "orders", "It failed.")
        assert deliver_due() == 2
    assert len(receiver.messages) == 1


def test_a_delivery_that_somebody_took_is_not_taken_again(organization: Organization) -> None:
    hook_to(organization, "https://example.invalid/")
    notify(organization, Kind.FAILURE, "orders", "It failed.")
    Delivery.objects.update(due_at=timezone.now() + timedelta(seconds=60), attempts=1)
    assert deliver_due() == 0


def test_a_mail_goes_to_each_alone_and_again_when_the_server_is_back(
    organization: Organization, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailBackend, messages: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(settings, "MAIL_CONFIGURED", True)
    notify(organization, Kind.FAILURE, "orders", "It failed.", path="/databases/1/")
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        deliver_due()
    assert "did not take it" in Delivery.objects.get().problem
    tomorrow_comes()
    deliver_due()
    (message,) = mail.outbox
    assert message.recipients() == ["admin@acme.test"]
    assert message.subject == "Headwater: orders"
    assert f"{settings.CONSOLE_URL}/databases/1/" in str(message.body)


def test_pauses_grow_and_end() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, len(PAUSES) + 2)]
    assert pauses[-1] is None
    times = [pause for pause in pauses if pause]
    assert times == sorted(times)
    assert sum(times, timedelta()) < timedelta(hours=18)
