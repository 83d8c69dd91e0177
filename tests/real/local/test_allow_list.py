"""The allow list with a real PostgreSQL behind a real edge: who stays, who is cut, who gets in again."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from html import unescape

import psycopg
import pytest
from django.test import Client

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Operation, Region, ServicePlan
from datastores.networks import Entry, fingerprint
from datastores.sites.contract import AccessChange
from datastores.sites.local.access import UNTOUCHED, door_of, knock
from datastores.sites.local.edge_service import EDGE_SERVICE
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.machine import Machine
from datastores.sites.local.measuring import measure
from datastores.sites.registry import driver_of
from host.waiting import wait_until
from tests.local_site import connect, settle
from tests.real.local.ways import Way

pytestmark = [pytest.mark.real, pytest.mark.django_db]
STAYING, LEAVING = Entry("127.0.0.2/32", "Build server"), Entry("127.0.0.3/32", "Old laptop")
SetList = Callable[..., AccessChange]


@pytest.fixture
def running(
    actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine, request: pytest.FixtureRequest
) -> DataStore:
    """A PostgreSQL (or what the test asks for) that was made as the page makes it, open to everybody."""
    engine = getattr(request, "param", "postgresql")
    store = actions.create_store(actor=actor, member=admin, engine=engine, name="orders", region=region, plan=plan)
    done = settle(store.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return fresh(store)


@pytest.fixture
def ways(running: DataStore) -> Iterator[tuple[Way, Way]]:
    """The ways from 127.0.0.2 and from 127.0.0.3."""
    with Way(running, "127.0.0.2") as staying, Way(running, "127.0.0.3") as leaving:
        yield staying, leaving


@pytest.fixture
def set_list(actor: Actor, running: DataStore) -> SetList:
    """Save a list as somebody does who has seen the present one."""

    def save(*entries: Entry) -> AccessChange:
        seen = fingerprint(actions.allow_list(running))
        outcome = actions.set_allow_list(actor=actor, store=running, wanted=entries, seen=seen)
        assert isinstance(outcome, AccessChange)
        return outcome

    return save


def fresh(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site").get(pk=store.pk)


def pid(client: psycopg.Connection) -> int:
    row = client.execute("SELECT pg_backend_pid()").fetchone()
    assert row
    return int(row[0])


def test_the_allowed_stay_and_the_others_are_cut_within_a_second(
    running: DataStore, ways: tuple[Way, Way], set_list: SetList
) -> None:
    staying, leaving = (way.connect() for way in ways)
    before = pid(staying)
    assert sorted(driver_of(running).sessions(running) or []) == ["127.0.0.2", "127.0.0.3"]
    began = time.monotonic()
    change = set_list(STAYING)
    with pytest.raises(psycopg.OperationalError):
        leaving.execute("SELECT 1")
    assert time.monotonic() - began < 1
    assert change == AccessChange(live=True, cut=1)
    assert pid(staying) == before
    assert driver_of(running).sessions(running) == ["127.0.0.2"]
    with pytest.raises(psycopg.OperationalError):
        ways[1].connect()
    with pytest.raises(psycopg.OperationalError):
        connect(running)
    ways[0].connect().close()
    set_list(STAYING, LEAVING)
    ways[1].connect().close()
    assert pid(staying) == before


def test_the_platforms_own_logins_are_counted_as_no_clients(
    running: DataStore, ways: tuple[Way, Way], set_list: SetList
) -> None:
    """It logs in again and again, from 127.0.0.1, which every one of these changes shuts out."""
    here = Entry("127.0.0.1/32", "This machine")
    door, stop = door_of(running, running.nodes.get()), threading.Event()

    def log_in() -> None:
        while not stop.wait(0.02):
            with contextlib.suppress(ProbeFailure):
                knock(door)

    platform = threading.Thread(target=log_in)
    platform.start()
    try:
        for _ in range(10):
            set_list(STAYING, LEAVING, here)
            with ways[1].connect():
                assert driver_of(running).sessions(running) == ["127.0.0.3"]
                assert set_list(STAYING) == AccessChange(live=True, cut=1)
    finally:
        stop.set()
        platform.join()


def test_a_store_that_leaves_this_machine_out_is_still_measured_and_powered_on(
    running: DataStore, ways: tuple[Way, Way], set_list: SetList, actor: Actor, local_site: Machine
) -> None:
    set_list(STAYING)
    assert measure(running)
    assert UNTOUCHED in fresh(running).evidence
    settle(actions.power_off(actor=actor, store=fresh(running)))
    assert settle(actions.power_on(actor=actor, store=fresh(running))).state == Operation.State.DONE
    ways[0].connect().close()
    with pytest.raises(psycopg.OperationalError):
        ways[1].connect()
    local_site.supervisor.kill(EDGE_SERVICE)
    try:
        assert not measure(fresh(running)), "nobody can connect, so it does not count as running"
    finally:
        local_site.supervisor.start(EDGE_SERVICE)
        assert wait_until(local_site.edge.answering, 5)


@pytest.mark.parametrize("running", [slug for slug in ENGINES if slug != "postgresql"], indirect=True)
def test_the_other_engines_are_measured_without_a_place_on_the_list(running: DataStore, set_list: SetList) -> None:
    set_list(STAYING)
    assert measure(running), fresh(running).evidence
    assert UNTOUCHED in fresh(running).evidence


def test_while_the_edge_is_down_a_list_is_kept_for_its_start(
    running: DataStore, ways: tuple[Way, Way], set_list: SetList, local_site: Machine
) -> None:
    local_site.supervisor.stop(EDGE_SERVICE, 5)
    try:
        assert driver_of(running).sessions(running) is None
        assert set_list(STAYING) == AccessChange(live=False)
    finally:
        local_site.supervisor.start(EDGE_SERVICE)
        assert wait_until(local_site.edge.answering, 5)
    ways[0].connect().close()
    with pytest.raises(psycopg.OperationalError):
        ways[1].connect()


def test_nobody_means_nobody(running: DataStore, ways: tuple[Way, Way], set_list: SetList) -> None:
    clients = [way.connect() for way in ways]
    assert set_list() == AccessChange(live=True, cut=2)
    for client in clients:
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")


def test_the_page_counts_who_is_connected_now(running: DataStore, ways: tuple[Way, Way], admin: Member) -> None:
    staying, leaving = (way.connect() for way in ways)
    browser = Client(REMOTE_ADDR="127.0.0.2")
    browser.force_login(admin.person, backend="django.contrib.auth.backends.ModelBackend")
    sent = {
        "who": "listed",
        "add": "127.0.0.2 Build server",
        "seen": fingerprint(actions.allow_list(running)),
        "entry-TOTAL_FORMS": "0",
        "entry-INITIAL_FORMS": "0",
    }
    look = unescape(re.sub(r"<[^>]*>", " ", browser.post(f"/databases/{running.pk}/networks/", sent).content.decode()))
    assert "1 of 2 connected clients would be cut at once: 127.0.0.3." in look
    done = browser.post(f"/databases/{running.pk}/networks/save/", sent, follow=True)
    assert "Saved and in effect. One client was cut." in done.content.decode()
    assert pid(staying)
    with pytest.raises(psycopg.OperationalError):
        leaving.execute("SELECT 1")
