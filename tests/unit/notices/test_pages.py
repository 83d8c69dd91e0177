"""``/notifications/``, ``/settings/notifications/`` and the pages of webhooks."""

from __future__ import annotations

import pytest

from console.models import AuditEvent, Delivery, Member, Notice, Webhook
from console.notices import Kind, notify
from tests.access.cast import World, make_world

LIST, SETTINGS, ADD = "/notifications/", "/settings/notifications/", "/settings/notifications/webhooks/add/"
HOOK = {"url": "https://hooks.example.com/headwater", "kinds": ["failure", "trial"]}


@pytest.fixture
def world(db: None) -> World:
    """The cast, without a webhook."""
    world = make_world()
    world.webhook.delete()
    return world


@pytest.fixture
def hook(world: World) -> Webhook:
    """A webhook that an Admin added."""
    world.client("admin").post(ADD, HOOK)
    return Webhook.objects.get()


def test_a_notice_is_new_until_it_is_read(world: World) -> None:
    notify(
        world.organization, Kind.FAILURE, "orders: “Power on” failed", "The server did not start.", path="/databases/"
    )
    viewer = world.client("viewer")
    page = viewer.get(LIST).content.decode()
    assert "orders: “Power on” failed" in page
    assert ">New<" in page
    assert "Notifications: 1 unread" in page
    viewer.post(f"{LIST}read/")
    page = viewer.get(LIST).content.decode()
    assert ">New<" not in page
    assert "Notifications: 1 unread" not in page
    assert "Notifications: 1 unread" in world.client("developer").get("/").content.decode(), "each reads alone"


def test_an_outsider_sees_nothing_of_it(world: World) -> None:
    notify(world.organization, Kind.FAILURE, "orders failed", "It did.")
    assert "orders failed" not in world.client("outsider").get(LIST).content.decode()


def test_a_member_chooses_what_is_mailed(world: World) -> None:
    devops = world.client("devops")
    assert devops.post(SETTINGS, {"kinds": ["failure", "disk"]}).status_code == 302
    assert "disk" not in Member.objects.get(role="devops").muted
    assert "failover" in Member.objects.get(role="devops").muted
    assert AuditEvent.objects.filter(action="member.mail_chosen").count() == 1
    page = devops.get(SETTINGS).content.decode()
    assert page.count(" checked") == 2


def test_a_viewer_gets_no_mail_and_no_webhooks(world: World, hook: Webhook) -> None:
    page = world.client("viewer").get(SETTINGS).content.decode()
    assert "Your role gets no mail" in page
    assert hook.url not in page


def test_a_webhook_is_added_and_changed(world: World, hook: Webhook) -> None:
    admin, page = world.client("admin"), f"{SETTINGS}webhooks/{hook.pk}/"
    assert hook.secret.startswith("whsec_")
    assert admin.post(page, HOOK | {"kinds": ["disk"]}).status_code == 302
    hook.refresh_from_db()
    assert hook.kinds == ["disk"]
    assert AuditEvent.objects.get(action="webhook.changed").detail == {"kinds": "failure, trial → disk"}


def test_the_secret_is_shown_only_when_asked_for_and_recorded(world: World, hook: Webhook) -> None:
    admin, page = world.client("admin"), f"{SETTINGS}webhooks/{hook.pk}/"
    assert hook.secret not in admin.get(page).content.decode()
    assert hook.secret in admin.post(f"{page}reveal/").content.decode()
    assert admin.post(f"{page}reveal/", {"purpose": "copy"}).content.decode() == hook.secret
    assert AuditEvent.objects.filter(action="webhook.secret_revealed").count() == 2
    assert not AuditEvent.objects.filter(detail__contains=hook.secret).exists()


def test_htmx_gets_only_the_field(world: World, hook: Webhook) -> None:
    answer = world.client("admin").post(f"{SETTINGS}webhooks/{hook.pk}/reveal/", headers={"HX-Request": "true"})
    assert answer.content.decode().strip().startswith('<div class="secret"')


def test_a_test_goes_to_this_webhook_alone_and_to_no_list(world: World, hook: Webhook) -> None:
    admin, page = world.client("admin"), f"{SETTINGS}webhooks/{hook.pk}/"
    admin.post(f"{page}test/")
    assert Delivery.objects.get().webhook == hook
    assert "Test of a webhook" in admin.get(page).content.decode()
    assert "Test of a webhook" not in admin.get(LIST).content.decode()
    assert Notice.objects.filter(kind="test").count() == 1


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://user:pass@example.com/", "no address", ""])
def test_an_address_that_can_not_be_used_stands_beside_its_field(world: World, url: str) -> None:
    answer = world.client("admin").post(ADD, HOOK | {"url": url})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Webhook.objects.exists()


def test_the_eleventh_is_refused(world: World) -> None:
    admin = world.client("admin")
    for number in range(10):
        admin.post(ADD, HOOK | {"url": f"https://example.com/{number}"})
    assert admin.post(ADD, HOOK).status_code == 409
    assert Webhook.objects.count() == 10


def test_removing_takes_the_log_along(world: World, hook: Webhook) -> None:
    admin, page = world.client("admin"), f"{SETTINGS}webhooks/{hook.pk}/"
    admin.post(f"{page}test/")
    admin.post(f"{page}remove/")
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
