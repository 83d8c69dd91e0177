"""The buttons of a data store: power, password, protection, deletion, retry."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from console.models import AuditEvent
from console.permissions import Role, allows
from datastores.models import DataStore, Operation
from tests.unit.pages.conftest import SignIn

State = DataStore.State
CONTROLS = {
    "power-off": "store:power",
    "power-on": "store:power",
    "reset-password": "store:reset_password",
    "protection": "store:protect",
    "delete": "store:delete",
}


def url(store: DataStore, control: str) -> str:
    """Return the address of a control."""
    return f"/databases/{store.pk}/{control}/"


def state_of(store: DataStore) -> str:
    """Return the state that the database has."""
    return DataStore.objects.get(pk=store.pk).state


def test_power_off_and_on_open_work_and_lead_to_the_page(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.DEVOPS)
    assert browser.post(url(running, "power-off"))["Location"] == f"/databases/{running.pk}/"
    assert state_of(running) == State.POWERING_OFF
    Operation.objects.update(state=Operation.State.DONE, finished_at=timezone.now())
    running.set_state(State.POWERED_OFF)
    browser.post(url(running, "power-on"))
    assert state_of(running) == State.POWERING_ON
    assert list(Operation.objects.order_by("created_at").values_list("kind", flat=True)) == [
        "power_off",
        "power_on",
    ]


def test_what_does_not_fit_the_state_is_refused_with_a_page(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    answer = browser.post(url(running, "power-on"))
    assert answer.status_code == 409
    assert "it is not powered off" in answer.content.decode()
    running.set_state(State.POWERED_OFF)
    assert browser.post(url(running, "reset-password")).status_code == 409
    assert Operation.objects.count() == 0


def test_reset_makes_a_new_password_that_no_page_shows(sign_in: SignIn, running: DataStore) -> None:
    answer = sign_in(Role.DEVOPS).post(url(running, "reset-password"), follow=True)
    new = DataStore.objects.get(pk=running.pk).next_admin_password
    assert new
    assert new not in answer.content.decode()
    assert AuditEvent.objects.filter(action="store.password_reset").exists()


def test_protection_goes_on_and_off_and_stops_deletion(sign_in: SignIn, running: DataStore) -> None:
    browser = sign_in(Role.ADMIN)
    browser.post(url(running, "protection"), {"protected": "on"})
    page = browser.get(url(running, "settings")).content.decode()
    assert "Deletion protection is on" in page
    assert "Switch it off first." in page
    assert url(running, "delete") not in page
    answer = browser.post(url(running, "delete"), {"confirm_name": "orders"})
    assert answer.status_code == 422
    assert state_of(running) == State.RUNNING
    browser.post(url(running, "protection"), {"protected": "off"})
    assert not DataStore.objects.get(pk=running.pk).deletion_protection


def test_the_wrong_name_deletes_nothing_and_says_so_beside_the_field(sign_in: SignIn, running: DataStore) -> None:
    answer = sign_in(Role.ADMIN).post(url(running, "delete"), {"confirm_name": "order"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-describedby="delete-store-error"' in body
    assert "nothing was deleted" in body
    assert state_of(running) == State.RUNNING


def test_the_right_name_deletes(sign_in: SignIn, running: DataStore) -> None:
    answer = sign_in(Role.ADMIN).post(url(running, "delete"), {"confirm_name": "orders"})
    assert answer["Location"] == f"/databases/{running.pk}/"
    assert state_of(running) == State.DELETING
    assert Operation.objects.get().kind == "delete"


def test_retry_lets_failed_work_go_on(sign_in: SignIn, work: Operation) -> None:
    Operation.objects.update(state=Operation.State.FAILED, finished_at=timezone.now())
    browser = sign_in(Role.DEVOPS)
    retry = f"/databases/{work.store_id}/operations/{work.pk}/retry/"
    assert browser.post(retry)["Location"] == f"/databases/{work.store_id}/"
    work.refresh_from_db()
    assert work.state == Operation.State.WAITING
    assert browser.post(retry).status_code == 409


def test_retry_finds_only_work_of_that_store(sign_in: SignIn, work: Operation, outsider: Client) -> None:
    other = Operation.objects.create(
        kind="provision",
        step="x",
        deadline=timezone.now(),
        requested_by="x",
        state=Operation.State.FAILED,
    )
    browser = sign_in(Role.DEVOPS)
    assert browser.post(f"/databases/{work.store_id}/operations/{other.pk}/retry/").status_code == 404
    assert outsider.post(f"/databases/{work.store_id}/operations/{work.pk}/retry/").status_code == 404
    assert sign_in(Role.DEVELOPER).post(f"/databases/{work.store_id}/operations/{work.pk}/retry/").status_code == 403


@pytest.mark.parametrize(
    ("control", "role"),
    [(control, role) for control, needed in CONTROLS.items() for role in Role if not allows(role, needed)],
)
def test_the_role_decides_before_anything_is_done(
    sign_in: SignIn,
    running: DataStore,
    control: str,
    role: Role,
) -> None:
    assert sign_in(role).post(url(running, control), {"confirm_name": "orders"}).status_code == 403
    assert Operation.objects.count() == 0
    assert state_of(running) == State.RUNNING


@pytest.mark.parametrize("control", CONTROLS)
def test_others_find_nothing_and_a_link_does_nothing(
    outsider: Client,
    sign_in: SignIn,
    running: DataStore,
    control: str,
) -> None:
    assert outsider.post(url(running, control), {"confirm_name": "orders"}).status_code == 404
    assert sign_in(Role.ADMIN).get(url(running, control)).status_code == 405
    assert state_of(running) == State.RUNNING


def test_disabled_controls_say_why(sign_in: SignIn, running: DataStore, work: Operation) -> None:
    page = sign_in(Role.VIEWER).get(url(running, "settings")).content.decode()
    assert "Needs the role Admin; yours is Viewer." in page
    page = sign_in(Role.DEVOPS).get(url(running, "settings")).content.decode()
    assert "Wait until the running work is finished." in page
    page = sign_in(Role.ADMIN).get(url(running, "settings")).content.decode()
    assert url(running, "delete") in page, "deleting need not wait"
