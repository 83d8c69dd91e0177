"""Changing a plan: what is refused and why, the price beside it, and the way back when a step fails."""

from __future__ import annotations

import pytest
from django.test import Client

from console.audit import Actor
from console.errors import Refusal
from console.models import AuditEvent, Organization, Tier
from console.permissions import Role
from datastores.actions.admission import free_room
from datastores.actions.plans import change_plan
from datastores.extensions import LogicalDatabase
from datastores.models import DataStore, MeterReading, Node, Operation, ServicePlan, Site
from datastores.operations import runner
from datastores.operations.outcomes import Outcome, Wait
from datastores.sites.local.procedures import change_plan as procedure
from datastores.sites.local.procedures.change_plan import ChangePlan
from datastores.sites.local.site import LocalSite
from datastores.storage import GIB
from tests.unit.pages.conftest import SignIn, sign_in  # noqa: F401

pytestmark = pytest.mark.django_db
State = DataStore.State


@pytest.fixture
def running(store: DataStore) -> DataStore:
    """A data store on Startup-8 that runs, as rows."""
    store.plan = plan("startup-8")
    store.disk_used_bytes = GIB
    store.save()
    store.set_state(State.RUNNING)
    return store


def plan(slug: str) -> ServicePlan:
    """Return a plan."""
    return ServicePlan.objects.get(slug=slug)


def refused(actor: Actor, store: DataStore, slug: str) -> str:
    """Return why a plan is refused."""
    with pytest.raises(Refusal) as caught:
        change_plan(actor=actor, store=store, plan=plan(slug))
    return caught.value.sentence


def test_a_larger_plan_opens_the_work_and_changes_nothing_yet(running: DataStore, actor: Actor) -> None:
    operation = change_plan(actor=actor, store=running, plan=plan("startup-16"))
    assert operation is not None
    running.refresh_from_db()
    assert running.plan.slug == "startup-8"
    assert AuditEvent.objects.get(action="store.plan_changed").detail == {"plan": "Startup-8 → Startup-16"}


def test_a_powered_off_one_has_it_at_once(running: DataStore, actor: Actor) -> None:
    running.set_state(State.POWERED_OFF)
    assert change_plan(actor=actor, store=running, plan=plan("startup-4")) is None
    running.refresh_from_db()
    assert running.plan.slug == "startup-4"


def test_what_is_refused_says_why(running: DataStore, actor: Actor) -> None:
    assert "the plan it has" in refused(actor, running, "startup-8")
    DataStore.objects.update(disk_used_bytes=70 * GIB)
    assert "more than 80 % of 80 GiB" in refused(actor, running, "startup-4")
    DataStore.objects.update(disk_used_bytes=None)
    assert "not measured yet" in refused(actor, running, "startup-4")
    ServicePlan.objects.filter(slug="startup-16").update(enabled=False)
    assert "not offered" in refused(actor, running, "startup-16")
    Organization.objects.update(tier=Tier.FREE)
    assert "paid tier" in refused(actor, running, "startup-4")
    running.set_state(State.FAILED)
    assert "not running" in refused(actor, running, "startup-4")
    assert not Operation.objects.exists()
    assert not AuditEvent.objects.filter(action="store.plan_changed").exists()


def test_a_cache_shrinks_only_where_its_keys_fit(
    running: DataStore, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    DataStore.objects.update(engine="cache")
    running.refresh_from_db()
    assert "does not say how much its keys take" in refused(actor, running, "startup-4")
    held = 3 * GIB

    def databases(_self: LocalSite, _store: DataStore) -> list[LogicalDatabase]:
        return [LogicalDatabase("0", "", held, open=True)]

    monkeypatch.setattr(LocalSite, "databases", databases)
    assert "Its keys would fill more than 80 %" in refused(actor, running, "startup-4")
    held = GIB
    assert change_plan(actor=actor, store=running, plan=plan("startup-4"))


def test_standbys_need_a_store_that_runs_with_all_its_nodes(running: DataStore, actor: Actor) -> None:
    assert "Not every node of it is up" in refused(actor, running, "business-8")
    running.nodes.update(state=Node.State.UP)
    running.set_state(State.POWERED_OFF)
    assert "power it on first" in refused(actor, running, "business-8")
    running.set_state(State.RUNNING)
    operation = change_plan(actor=actor, store=running, plan=plan("business-16"))
    assert operation is not None
    assert operation.step == "allot"


def test_the_page_says_what_a_standby_changes(running: DataStore, sign_in: SignIn) -> None:  # noqa: F811
    running.nodes.update(state=Node.State.UP)
    page = f"/databases/{running.pk}/plan/"
    browser: Client = sign_in(Role.DEVOPS)
    text = browser.get(f"{page}?plan=business-8").content.decode()
    for words in (
        "1 → 2",
        "A second address appears",
        "Each one is on two nodes",
        "standbys are made while clients go on",
    ):
        assert words in text
    text = browser.get(f"{page}?plan=business-16").content.decode()
    assert "200 at once → 400 at once" in text
    assert "Once, clients are cut and get in again at the same address after about 0.4 s" in text
    DataStore.objects.update(plan=plan("premium-8"))
    for number in (2, 3):
        Node.objects.create(store=running, number=number, role=Node.Role.STANDBY, state=Node.State.UP)
    text = browser.get(f"{page}?plan=startup-8").content.decode()
    assert "It goes away, and its clients are cut" in text
    assert "They are on one node. If its data are lost, nobody takes over: it is restored from the backups" in text
    assert "They are deleted after the change" in text


def test_a_full_site_counts_what_the_store_gives_back(running: DataStore, actor: Actor) -> None:
    Site.objects.update(sizing=Site.Sizing.FULL, ram_mib=12 * 1024, storage_gib=1000)
    assert "4 more" not in refused(actor, running, "startup-16")
    assert "12 GiB of RAM are free" in refused(actor, running, "startup-16")
    Site.objects.update(ram_mib=16 * 1024)
    assert change_plan(actor=actor, store=running, plan=plan("startup-16"))
    left = free_room(Site.objects.get())
    assert left
    assert left.ram_mib == 0  # nobody else gets what the change needs while it is under way


def test_the_page_compares_asks_and_changes(running: DataStore, sign_in: SignIn) -> None:  # noqa: F811
    browser: Client = sign_in(Role.DEVOPS)
    page = f"/databases/{running.pk}/plan/"
    text = browser.get(page).content.decode()
    assert "$160.60 more per month" in text
    assert "$80.30 less per month" in text
    assert "Not every node of it is up now" in text
    text = browser.get(f"{page}?plan=startup-16").content.decode()
    assert "From Startup-8 to Startup-16" in text
    assert "clients are cut and get in again at the same address" in text
    assert browser.post(page, {"plan": "startup-8"}).status_code == 422
    assert browser.post(page, {"plan": "nonsense"}).status_code == 404
    assert browser.post(page, {"plan": "startup-16"})["Location"] == f"/databases/{running.pk}/"


def test_a_server_that_does_not_start_leads_back(
    running: DataStore, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured: list[str] = []

    def configure(_self: ChangePlan, _node: Node, plan: ServicePlan) -> None:
        configured.append(plan.slug)

    monkeypatch.setattr(procedure, "PATIENCE", -1.0)
    monkeypatch.setattr(ChangePlan, "configure_as", configure)
    monkeypatch.setattr(ChangePlan, "stop_primary", lambda _self: None)
    monkeypatch.setattr(ChangePlan, "start_node", lambda _self: configured[-1] == "startup-8")
    monkeypatch.setattr(ChangePlan, "verify_access", lambda _self: "A client logged in.")
    operation = walked(change_plan(actor=actor, store=running, plan=plan("startup-16")))
    assert (operation.state, running.plan.slug) == (Operation.State.FAILED, "startup-8")
    assert "The data store runs on Startup-8 as before; nothing is lost." in operation.sentence
    running.refresh_from_db()
    assert running.state == State.RUNNING
    assert {reading.plan.slug for reading in MeterReading.objects.filter(store=running)} == {"startup-8"}


def test_a_step_that_raises_leads_back_too(running: DataStore, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def configure(_self: ChangePlan, _node: Node, plan: ServicePlan) -> None:
        if plan.slug == "startup-16":
            raise OSError

    monkeypatch.setattr(ChangePlan, "configure_as", configure)
    monkeypatch.setattr(ChangePlan, "stop_primary", lambda _self: None)
    monkeypatch.setattr(ChangePlan, "start_node", lambda _self: True)
    monkeypatch.setattr(ChangePlan, "verify_access", lambda _self: "A client logged in.")
    operation = walked(change_plan(actor=actor, store=running, plan=plan("startup-16")))
    assert "a step failed (OSError)" in operation.sentence
    running.refresh_from_db()
    assert (running.state, running.plan.slug) == (State.RUNNING, "startup-8")


def walked(operation: Operation | None) -> Operation:
    """Run every step, waiting for nothing."""
    assert operation is not None
    for _ in range(40):
        claimed = runner.claim(operation.pk)
        if claimed is None:
            break
        outcome: Outcome | None = runner.advance(claimed)
        if isinstance(outcome, Wait):
            Operation.objects.filter(pk=operation.pk).update(due_at=operation.created_at)
    operation.refresh_from_db()
    return operation
