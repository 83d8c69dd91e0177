"""/databases/<id>/ and its news: state, running work, connection details, and who sees what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.permissions import Role
from datastores.engines.cache.settings import RESERVED_FILES
from datastores.models import DataStore, Node, Operation
from datastores.operations.opening import cancel
from datastores.sites.local import site
from datastores.sites.local.machine import machine
from datastores.sites.local.site import LocalSite
from tests.unit.pages.conftest import PASSWORD, SignIn

HTMX = {"HX-Request": "true"}


def url(store: DataStore, tab: str = "") -> str:
    """Return the address of a tab."""
    return f"/databases/{store.pk}/{tab}"


def text(browser: Client, address: str, **more: object) -> str:
    """Return a page as text."""
    page = browser.get(address, **more)  # type: ignore[arg-type]
    assert page.status_code == 200, page.status_code
    return page.content.decode()


def fail(work: Operation, sentence: str, remedy: str) -> None:
    """End the operation as the runner does when a step gives up."""
    now = timezone.now()
    work.steps.filter(ended_at=None).update(ended_at=now, failed=True, sentence=sentence)
    Operation.objects.filter(pk=work.pk).update(
        state=Operation.State.FAILED,
        sentence=sentence,
        remedy=remedy,
        finished_at=now,
    )
    assert work.store
    work.store.set_state(DataStore.State.FAILED)


def test_a_running_store_shows_state_evidence_and_how_to_connect(sign_in: SignIn, running: DataStore) -> None:
    page = sign_in(Role.DEVOPS).get(url(running))
    body = page.content.decode()
    for shown in (
        "Running",
        "The server accepts connections over TLS.",
        "A client logged in over TLS in 12 ms.",
        "hwadmin",
        "defaultdb",
        "verify-full",
        f"localhost:{running.slot.port}/defaultdb",
        "postgresql://hwadmin:********@",
        "psql",
        "Node.js",
        "Django",
        "25 at once",
        "$18.98 per month ($0.0260 per hour)",
        "CA certificate",
    ):
        assert shown in body, shown
    assert PASSWORD not in body
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BILLING_ADMIN])
def test_roles_without_connection_details_are_told_why(sign_in: SignIn, running: DataStore, role: Role) -> None:
    body = text(sign_in(role), url(running))
    assert f"Needs the role Admin, DevOps or Developer; yours is {role.label}." in body
    assert "hwadmin" not in body


def test_a_developer_connects_without_the_password(sign_in: SignIn, running: DataStore) -> None:
    body = text(sign_in(Role.DEVELOPER), url(running))
    assert "postgresql://hwadmin:********@" in body
    assert "Needs the role Admin or DevOps; yours is Developer." in body
    assert "/reveal/" not in body


def test_a_new_store_shows_its_steps_and_asks_for_news(sign_in: SignIn, work: Operation) -> None:
    assert work.store
    body = text(sign_in(Role.ADMIN), url(work.store))
    assert work.steps.get().label in body
    assert "every 1s" in body
    assert "Reload to see how far it is" in body
    assert "Service URI" not in body


def test_news_are_empty_until_there_are_some(sign_in: SignIn, work: Operation) -> None:
    assert work.store
    browser, address = sign_in(Role.ADMIN), url(work.store, "operation/")
    fragment = browser.get(address, headers=HTMX)
    assert "<html" not in fragment.content.decode()
    seen = fragment.context["work"].version
    assert browser.get(address, {"seen": seen}, headers=HTMX).status_code == 204
    work.steps.update(sentence="Waiting for the server.")
    later = browser.get(address, {"seen": seen}, headers=HTMX)
    assert "Waiting for the server." in later.content.decode()


def test_the_last_news_bring_the_whole_page_once_and_end_the_asking(sign_in: SignIn, work: Operation) -> None:
    assert work.store
    Operation.objects.update(state=Operation.State.DONE, finished_at=timezone.now(), sentence="It answers.")
    work.steps.update(ended_at=timezone.now())
    page = sign_in(Role.ADMIN).get(url(work.store, "operation/"), headers=HTMX)
    assert (page["HX-Retarget"], page["HX-Reselect"]) == ("#content", "#content")
    assert 'id="content"' in page.content.decode()
    assert "every 1s" not in page.content.decode()


def test_news_without_a_script_are_the_page(sign_in: SignIn, work: Operation) -> None:
    assert work.store
    assert sign_in(Role.ADMIN).get(url(work.store, "operation/"))["Location"] == url(work.store)


def test_failed_work_says_what_happened_and_offers_retry(sign_in: SignIn, work: Operation) -> None:
    fail(work, "The server did not start.", "Free some memory, then retry.")
    assert work.store
    retry = f"/databases/{work.store.pk}/operations/{work.pk}/retry/"
    body = text(sign_in(Role.DEVOPS), url(work.store))
    assert "The server did not start." in body
    assert "Free some memory, then retry." in body
    assert retry in body
    body = text(sign_in(Role.VIEWER), url(work.store))
    assert retry not in body
    assert "Needs the role Admin or DevOps; yours is Viewer." in body


def test_cancelled_work_is_not_called_failed(sign_in: SignIn, work: Operation) -> None:
    cancel(work, because="Cancelled by an operator.")
    assert work.store
    body = text(sign_in(Role.ADMIN), url(work.store))
    assert "cancelled in" in body
    assert "did not succeed" not in body


def test_the_estimate_is_the_median_of_earlier_runs(sign_in: SignIn, work: Operation) -> None:
    now = timezone.now()
    for seconds in (2, 4, 60):
        Operation.objects.create(
            kind="provision",
            state=Operation.State.DONE,
            step="",
            deadline=now,
            requested_by="x",
            created_at=now - timedelta(seconds=seconds),
            finished_at=now,
        )
    assert work.store
    assert "Usually takes 4.0 s (median of the last 3 runs)." in text(sign_in(Role.ADMIN), url(work.store))


def test_without_an_earlier_run_nothing_is_estimated(sign_in: SignIn, work: Operation) -> None:
    assert work.store
    assert "Usually takes" not in text(sign_in(Role.ADMIN), url(work.store))


def test_every_state_has_its_page(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    for state in DataStore.State:
        if state != DataStore.State.DELETED:
            running.set_state(state)
            assert state.label in text(browser, url(running))


def test_controls_that_do_not_fit_the_state_say_so(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    assert "power-off/" in text(browser, url(running))
    running.set_state(DataStore.State.POWERED_OFF)
    body = text(browser, url(running))
    assert "power-on/" in body
    assert "power-off/" not in body
    running.set_state(DataStore.State.CREATING)
    assert "The data store must be running." in text(browser, url(running))


def test_a_deleted_store_leads_to_the_list_that_says_so(sign_in: SignIn, running: DataStore) -> None:
    running.set_state(DataStore.State.DELETED)
    browser = sign_in(Role.VIEWER)
    assert browser.get(url(running, "operation/"), headers=HTMX)["HX-Redirect"] == url(running)
    landed = browser.get(url(running), follow=True)
    assert landed.redirect_chain == [("/databases/", 302)]
    assert "“orders” was deleted." in landed.content.decode()


@pytest.mark.parametrize("tab", ["", "operation/", "nodes/", "settings/", "activity/", "ca.pem"])
def test_others_find_nothing_and_strangers_sign_in(
    outsider: Client,
    client: Client,
    running: DataStore,
    tab: str,
) -> None:
    if tab != "operation/":
        assert outsider.get(url(running, tab)).status_code == 404
    assert outsider.get(url(running, tab), headers=HTMX).status_code == 404
    running.set_state(DataStore.State.DELETED)
    assert outsider.get(url(running, tab), headers=HTMX).status_code == 404
    assert client.get(url(running, tab))["Location"].startswith("/account/login/")


def test_nodes_tell_role_state_port_and_protection(sign_in: SignIn, running: DataStore) -> None:
    body = text(sign_in(Role.VIEWER), url(running, "nodes/"))
    for shown in ("Node 1", "Primary", "Up", "23999", "No new privileges"):
        assert shown in body


def test_a_node_that_was_powered_off_is_no_failure(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.VIEWER)
    running.nodes.update(state=Node.State.DOWN)
    assert node_look(browser, running) == ("failed", "Down")
    DataStore.objects.filter(pk=running.pk).update(state=DataStore.State.POWERED_OFF)
    assert node_look(browser, running) == ("off", "Stopped")


def node_look(browser: Client, store: DataStore) -> tuple[str, str]:
    """Return the look and the word of the only node."""
    [row] = browser.get(url(store, "nodes/")).context["nodes"].rows
    return row.badge.state, row.badge.word


def test_activity_tells_of_this_store_only(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    browser.post(url(running, "protection/"), {"protected": "on"})
    body = text(browser, url(running, "activity/"))
    assert "Switched deletion protection on for “orders”" in body
    assert "admin@acme.test" in body
    assert [event.action for event in browser.get(url(running, "activity/")).context["page"]] == ["store.protected"]


def test_activity_needs_its_permission(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.VIEWER)
    assert browser.get(url(running, "activity/")).status_code == 403
    assert "activity/" not in text(browser, url(running)).split('class="tabs"')[1].split("</nav>")[0]


@pytest.mark.parametrize("state", [DataStore.State.CREATING, DataStore.State.DELETING])
def test_an_address_that_does_not_answer_is_not_shown(
    sign_in: SignIn,
    running: DataStore,
    state: DataStore.State,
) -> None:
    running.set_state(state)
    assert "Service URI" not in text(sign_in(Role.ADMIN), url(running))


def test_a_machine_that_lets_fewer_clients_in_than_the_plan_is_shown(
    sign_in: SignIn, running: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in(Role.DEVOPS)
    assert "Connections here" not in text(browser, url(running))
    monkeypatch.setattr(LocalSite, "most_clients", lambda *_: 24)
    assert "24 at once: the machine lets a server open too few files" in text(browser, url(running))


def test_what_a_machine_lets_in_is_bounded_by_the_files_that_edge_and_server_open(
    store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "open_files_here", lambda: 2000)
    through = LocalSite().most_clients(store)
    assert through == machine().edge.settings.sessions_per_slot
    store.engine = "cache"
    assert LocalSite().most_clients(store) == min(2000 - RESERVED_FILES, through)
