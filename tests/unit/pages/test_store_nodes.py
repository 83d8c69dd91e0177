"""/databases/<id>/nodes/: nodes and guarantee, news, controls with their refusals, drills, and the history."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from console.models import AuditEvent
from console.permissions import Role, allows
from datastores.models import DataStore, Failover, Node, Operation, ServicePlan
from datastores.operations.opening import open_operation
from tests.unit.pages.conftest import SignIn

HTMX = {"HX-Request": "true"}
CONTROLS = {
    "switch-over": "store:switch_over",
    "restart": "store:switch_over",
    "replace-node": "store:switch_over",
    "drill": "store:drill",
    "monthly-drill": "store:drill",
}
DRILL = {"fault": "drill_freeze", "confirm_name": "orders"}


@pytest.fixture
def business(running: DataStore) -> DataStore:
    """A running store with one standby that has every acknowledged write."""
    running.plan = ServicePlan.objects.get(slug="business-4")
    running.save()
    Node.objects.create(
        store=running,
        number=2,
        role=Node.Role.STANDBY,
        state=Node.State.UP,
        port=24002,
        counted=True,
        following=True,
        lag_bytes=0,
        lag_seconds=0.0,
        measured_at=timezone.now(),
    )
    return running


def url(store: DataStore, control: str = "nodes") -> str:
    """Return the address of the tab, or of a control."""
    return f"/databases/{store.pk}/{control}/"


def text(answer: object) -> str:
    """Return the page as people read it: without markup."""
    content = answer.content.decode()  # type: ignore[attr-defined]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())


def standby(store: DataStore) -> Node:
    """Return the store's standby."""
    return store.nodes.get(role=Node.Role.STANDBY)


def suspend(store: DataStore) -> None:
    """Have the rows say that nobody counts."""
    store.nodes.update(counted=False)
    store.guarantee_suspended_since = timezone.now() - timedelta(minutes=5)
    store.save()


def failover(store: DataStore, **values: object) -> Failover:
    """Write a failover that went well, changed by ``values``."""
    now = timezone.now()
    ended = {"finished_at": now, "succeeded": True, "lossless": True, "old_primary": "Node 1", "new_primary": "Node 2"}
    fields = {"kind": "failover", "cause": "The process ended.", "began_at": now - timedelta(hours=1)} | ended | values
    return Failover.objects.create(store=store, **fields)


def test_the_nodes_tell_role_state_replication_and_address(sign_in: SignIn, business: DataStore) -> None:
    page = sign_in(Role.VIEWER).get(url(business))
    shown = text(page)
    for words in (
        "Each acknowledged write is on two nodes",
        "Node 1 Primary",
        "Node 2 Standby",
        "Follows, 0 B and 0.0 s behind measured just now",
        "127.0.0.1:24002",
        "No new privileges",
        "Follows nobody",
    ):
        assert words in shown, words
    assert "hx-get" not in page.content.decode().split('id="nodes"')[1].split(">")[0]
    assert "no-store" in page["Cache-Control"]


def test_the_stable_address_is_told_to_those_who_may_connect(sign_in: SignIn, business: DataStore) -> None:
    address = f"localhost:{business.slot.port}"
    assert address in text(sign_in(Role.DEVELOPER).get(url(business)))
    assert address not in text(sign_in(Role.VIEWER).get(url(business)))


def test_a_suspended_guarantee_stands_on_both_tabs(sign_in: SignIn, business: DataStore) -> None:
    browser = sign_in(Role.VIEWER)
    overview = f"/databases/{business.pk}/"
    assert "acknowledged by the primary alone" not in text(browser.get(overview))
    suspend(business)
    for address in (overview, url(business)):
        assert "UTC writes are acknowledged by the primary alone" in text(browser.get(address))
    assert url(business) in browser.get(overview).content.decode()


def test_a_single_node_has_no_drill_and_says_what_a_failure_means(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    shown = text(browser.get(url(running)))
    assert "One node, no standby" in shown
    assert "Restart now" in shown
    assert "Failure drill" not in shown
    assert "Switch over" not in shown
    assert browser.post(url(running, "restart"))["Location"] == url(running)
    assert Operation.objects.get().kind == "restart"


def test_news_are_empty_until_something_changed_and_end_with_the_page(sign_in: SignIn, business: DataStore) -> None:
    suspend(business)
    browser = sign_in(Role.VIEWER)
    page = browser.get(url(business))
    seen = page.context["nodes"].version
    assert f"seen={seen}" in page.content.decode()
    assert browser.get(url(business), {"seen": seen}, headers=HTMX).status_code == 204
    standby(business).set_state(Node.State.JOINING)
    fragment = browser.get(url(business), {"seen": seen}, headers=HTMX)
    assert "<html" not in fragment.content.decode()
    assert "Node 2 is being made." in text(fragment)
    business.nodes.update(state=Node.State.UP, counted=True)
    DataStore.objects.update(guarantee_suspended_since=None)
    last = browser.get(url(business), {"seen": seen}, headers=HTMX)
    assert (last["HX-Retarget"], last["HX-Reselect"]) == ("#content", "#content")
    assert "every 1s" not in last.content.decode()


def test_a_measurement_alone_is_no_news(sign_in: SignIn, business: DataStore) -> None:
    suspend(business)
    browser = sign_in(Role.VIEWER)
    seen = browser.get(url(business)).context["nodes"].version
    business.nodes.update(measured_at=timezone.now())
    assert browser.get(url(business), {"seen": seen}, headers=HTMX).status_code == 204


def test_a_change_that_nobody_finished_is_not_waited_for_forever(sign_in: SignIn, business: DataStore) -> None:
    row = failover(business, finished_at=None, succeeded=None, began_at=timezone.now())
    browser = sign_in(Role.VIEWER)
    assert browser.get(url(business)).context["nodes"].moving
    assert "Under way" in text(browser.get(url(business)))
    Failover.objects.filter(pk=row.pk).update(began_at=timezone.now() - timedelta(minutes=11))
    assert not browser.get(url(business)).context["nodes"].moving


def test_news_of_a_deleted_store_lead_away(sign_in: SignIn, business: DataStore) -> None:
    business.set_state(DataStore.State.DELETED)
    answer = sign_in(Role.VIEWER).get(url(business), {"seen": "x"}, headers=HTMX)
    assert answer["HX-Redirect"] == f"/databases/{business.pk}/"


def test_a_standby_takes_over_when_it_is_asked_to(sign_in: SignIn, business: DataStore) -> None:
    browser = sign_in(Role.DEVOPS)
    node = standby(business)
    assert browser.post(url(business, "switch-over"), {"node": str(node.pk)})["Location"] == url(business)
    operation = Operation.objects.get()
    assert (operation.kind, operation.memo) == ("switch_over", {"node": str(node.pk)})
    assert AuditEvent.objects.filter(action="store.switched_over").exists()
    shown = text(browser.get(url(business)))
    assert operation.steps.get().label in shown
    assert "Wait until the running work is finished." in shown


def test_nobody_named_is_the_most_advanced(sign_in: SignIn, business: DataStore) -> None:
    sign_in(Role.DEVOPS).post(url(business, "switch-over"), {"node": ""})
    assert Operation.objects.get().memo == {}


@pytest.mark.parametrize("control", ["switch-over", "replace-node"])
def test_a_node_that_is_no_standby_any_more_comes_back_with_its_error(
    sign_in: SignIn, business: DataStore, control: str
) -> None:
    primary = business.nodes.get(role=Node.Role.PRIMARY)
    answer = sign_in(Role.DEVOPS).post(url(business, control), {"node": str(primary.pk)})
    assert answer.status_code == 422
    assert "This node is not a standby any more." in text(answer)
    assert not Operation.objects.exists()


def test_a_standby_is_replaced(sign_in: SignIn, business: DataStore) -> None:
    sign_in(Role.DEVOPS).post(url(business, "replace-node"), {"node": str(standby(business).pk)})
    operation = Operation.objects.get()
    assert (operation.kind, operation.memo) == ("replace_node", {"lost": str(standby(business).pk)})
    assert AuditEvent.objects.filter(action="store.node_replaced").exists()


@pytest.mark.parametrize(("control", "body"), [("switch-over", {}), ("restart", {}), ("drill", DRILL)])
def test_what_is_refused_is_told_on_the_tab(
    sign_in: SignIn, business: DataStore, control: str, body: dict[str, str]
) -> None:
    open_operation("power_off", store=business, requested_by="somebody")
    answer = sign_in(Role.ADMIN).post(url(business, control), body)
    assert answer.status_code == 422
    assert "Something else is being done with this data store right now." in text(answer)
    assert Operation.objects.count() == 1


def test_a_drill_needs_the_name_and_keeps_what_was_chosen(sign_in: SignIn, business: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    answer = browser.post(url(business, "drill"), DRILL | {"confirm_name": "order"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "This is not the data store's name, so nothing was done." in text(answer)
    assert 'value="drill_freeze" required checked' in body
    assert 'value="order"' in body
    assert not Operation.objects.exists()
    assert browser.post(url(business, "drill"), DRILL | {"fault": "flood"}).status_code == 422


def test_a_drill_is_opened_and_audited(sign_in: SignIn, business: DataStore) -> None:
    answer = sign_in(Role.ADMIN).post(url(business, "drill"), DRILL)
    assert answer["Location"] == url(business)
    operation = Operation.objects.get()
    assert (operation.kind, operation.memo) == ("drill", {"fault": "drill_freeze"})
    assert AuditEvent.objects.get(action="store.drilled").detail == {"fault": "drill_freeze"}


def test_a_drill_tells_what_clients_noticed_before(sign_in: SignIn, business: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    assert "The plan promises a median of 250 ms." in text(browser.get(url(business)))
    for outage in (40, 60, 900):
        failover(business, kind="drill_kill", outage_ms=outage)
    assert "Clients waited 60 ms in the median of 3 earlier drills of this data store." in text(
        browser.get(url(business))
    )


def test_no_drill_while_it_could_lose_writes(sign_in: SignIn, business: DataStore) -> None:
    suspend(business)
    browser = sign_in(Role.ADMIN)
    assert "No standby has every acknowledged write now, so a drill could lose some." in text(
        browser.get(url(business))
    )
    assert browser.post(url(business, "drill"), DRILL).status_code == 422
    assert not Operation.objects.exists()


def test_a_cache_is_drilled_although_it_gives_no_guarantee(sign_in: SignIn, business: DataStore) -> None:
    business.engine = "cache"
    suspend(business)
    browser = sign_in(Role.ADMIN)
    assert "Let the primary fail" in text(browser.get(url(business)))
    assert browser.post(url(business, "drill"), DRILL).status_code == 302


def test_the_monthly_drill_goes_on_and_off(sign_in: SignIn, business: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    shown = text(browser.post(url(business, "monthly-drill"), {"monthly": "on"}, follow=True))
    assert "The monthly drill is on" in shown
    assert "The next one begins" in shown
    browser.post(url(business, "monthly-drill"), {"monthly": "on"})
    shown = text(browser.post(url(business, "monthly-drill"), {"monthly": "off"}, follow=True))
    assert "The monthly drill is off" in shown
    assert "The next one begins" not in shown
    assert [event.action for event in AuditEvent.objects.filter(action__contains="monthly").order_by("id")] == [
        "store.monthly_drill_on",
        "store.monthly_drill_off",
    ]


def test_a_single_node_is_refused_what_needs_standbys(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    for control, body in (("switch-over", {}), ("drill", DRILL), ("monthly-drill", {"monthly": "on"})):
        answer = browser.post(url(running, control), body)
        assert answer.status_code == 422, control
        assert "The plan Hobbyist has a single node." in text(answer)
    assert not Operation.objects.exists()


def test_the_history_tells_what_was_measured_and_what_was_not(sign_in: SignIn, business: DataStore) -> None:
    failover(business, outage_ms=53.4, detect_ms=7.6, rows_acknowledged=1200, rows_lost=0, redundancy_ms=2100)
    page = sign_in(Role.VIEWER).get(url(business))
    shown = text(page)
    for words in (
        "The process ended.",
        "Node 1 → Node 2",
        "53 ms",
        "detect 7.6 ms",
        "fence not measured",
        "0 of 1,200 nothing lost",
        "2.10 s",
        "Failover 1 53 ms 53 ms median 250 ms, at most 600 ms Kept",
        "1 measured outage, from 53 ms to 53 ms. The dashed line is the median that the plan promises",
    ):
        assert words in shown, words
    assert 'role="img"' in page.content.decode()


def test_a_store_without_changes_says_so_and_draws_nothing(sign_in: SignIn, business: DataStore) -> None:
    page = sign_in(Role.VIEWER).get(url(business))
    assert "There was none yet." in text(page)
    assert "plot-area" not in page.content.decode()


def test_a_long_history_has_pages(sign_in: SignIn, business: DataStore) -> None:
    for number in range(25):
        failover(business, cause=f"Cause number {number}.", began_at=timezone.now() - timedelta(hours=number))
    browser = sign_in(Role.VIEWER)
    assert "Cause number 0." in text(browser.get(url(business)))
    second = text(browser.get(url(business), {"page": 2}))
    assert "Cause number 24." in second
    assert "Cause number 0." not in second


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("role", Role)
def test_each_control_needs_its_permission(sign_in: SignIn, business: DataStore, control: str, role: Role) -> None:
    body = {"node": str(standby(business).pk)} | DRILL | {"monthly": "on"}
    answer = sign_in(role).post(url(business, control), body)
    assert answer.status_code == (302 if allows(role, CONTROLS[control]) else 403)


def test_a_member_who_may_only_look_is_told_why(sign_in: SignIn, business: DataStore) -> None:
    body = sign_in(Role.DEVELOPER).get(url(business)).content.decode()
    assert "Needs the role Admin or DevOps; yours is Developer." in body
    assert "Needs the role Admin; yours is Developer." in body
    for control in CONTROLS:
        assert url(business, control) not in body


@pytest.mark.parametrize("control", CONTROLS)
def test_controls_take_posts_of_the_store_s_own_people(
    sign_in: SignIn, outsider: Client, client: Client, business: DataStore, control: str
) -> None:
    assert sign_in(Role.ADMIN).get(url(business, control)).status_code == 405
    assert outsider.post(url(business, control), DRILL).status_code == 404
    assert client.post(url(business, control))["Location"].startswith("/account/login/")
    assert not Operation.objects.exists()
