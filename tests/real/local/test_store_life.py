"""A data store's life on this machine, from Create to deleted, through real clients."""

from __future__ import annotations

import contextlib
import signal

import psycopg
import pytest
from django.conf import settings

from console.audit import Actor
from console.models import AuditEvent, Member
from datastores import actions
from datastores.models import DataStore, EdgeSlot, Operation, Region, ServicePlan
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.measuring import measure
from datastores.sites.local.places import place_of
from host.waiting import wait_until
from tests.local_site import connect, settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def running(actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine) -> DataStore:
    """A Hobbyist PostgreSQL that was made as the page makes it."""
    store = actions.create_store(
        actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan
    )
    done = settle(store.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return DataStore.objects.select_related("slot", "plan", "region__site").get(pk=store.pk)


def test_create_ends_with_a_server_that_a_client_can_use(running: DataStore) -> None:
    assert running.state == DataStore.State.RUNNING
    assert "TLS" in running.evidence
    with connect(running) as client:
        assert client.pgconn.ssl_in_use
        row = client.execute(
            "SELECT current_database(), current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        assert row.fetchone() == ("defaultdb", "hwadmin", False)
        client.execute("CREATE DATABASE shop")
        client.execute("CREATE ROLE clerk LOGIN PASSWORD 'a-long-enough-one'")


def test_plain_text_is_refused(running: DataStore) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host=settings.EDGE_HOST,
            port=running.slot.port,
            user=running.admin_user,
            password=running.admin_password,
            dbname="defaultdb",
            sslmode="disable",
            connect_timeout=5,
        )


def test_a_wrong_password_is_refused(running: DataStore) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(running, password="wrong")


def test_the_plan_s_limit_holds_exactly_and_the_platform_still_gets_in(running: DataStore) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(25):
            clients.enter_context(connect(running))
        with pytest.raises(psycopg.OperationalError, match=r"connection slots|too many"):
            connect(running)
        assert measure(running)
        assert settle(actions.reset_password(actor=Actor(), store=running)).state == Operation.State.DONE
    connect(running).close()


def test_power_off_and_on_keep_data_and_address(running: DataStore, actor: Actor) -> None:
    with connect(running) as client:
        client.execute("CREATE TABLE kept AS SELECT 1 AS number")
    port = running.slot.port
    settle(actions.power_off(actor=actor, store=running))
    running.refresh_from_db()
    assert running.state == DataStore.State.POWERED_OFF
    with pytest.raises(psycopg.OperationalError):
        connect(running)
    settle(actions.power_on(actor=actor, store=running))
    assert EdgeSlot.objects.get(store=running).port == port
    with connect(running) as client:
        assert client.execute("SELECT number FROM kept").fetchone() == (1,)


def test_a_reset_password_replaces_the_old_one(running: DataStore, actor: Actor) -> None:
    old = running.admin_password
    open_session = connect(running)
    settle(actions.reset_password(actor=actor, store=running))
    with pytest.raises(psycopg.OperationalError):
        connect(running, password=old)
    connect(running).close()
    assert open_session.execute("SELECT 1").fetchone() == (1,)
    open_session.close()


def test_deleting_leaves_only_the_trail(running: DataStore, actor: Actor, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    settle(actions.delete_store(actor=actor, store=running, typed_name="orders"))
    running.refresh_from_db()
    assert running.state == DataStore.State.DELETED
    assert running.admin_password == ""
    assert not place.directory.exists()
    assert not place.sockets.exists()
    assert place.name not in local_site.supervisor.names()
    assert not EdgeSlot.objects.filter(store=running).exists()
    assert AuditEvent.objects.filter(object_id=str(running.pk), action="store.deleted").exists()
    assert examine(local_site) == []


def test_a_killed_server_is_back_by_itself(running: DataStore, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    program = local_site.supervisor.program(place.name)
    assert program is not None
    program.send(signal.SIGKILL)
    assert wait_until(lambda: measure(DataStore.objects.select_related("slot").get(pk=running.pk)), 10)


def test_the_doctor_mends_what_it_finds(running: DataStore, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    stray = local_site.home.nodes / "stray"
    stray.mkdir()
    (stray / "precious").write_text("tenant data")
    local_site.supervisor.kill(place.name)
    local_site.edge.sync([])
    findings = examine(local_site)
    assert len(findings) >= 3
    for finding in findings:
        finding.repair()
    assert wait_until(lambda: measure(DataStore.objects.select_related("slot").get(pk=running.pk)), 10)
    assert examine(local_site) == []
    lost = list((local_site.home.root / "lost").glob("stray-*/precious"))
    assert [file.read_text() for file in lost] == ["tenant data"]
