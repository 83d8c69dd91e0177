"""What is particular to PostgreSQL and to this machine in a data store's life; the rest is the conformance suite's."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import psycopg
import pytest

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Operation, Region, ServicePlan
from datastores.sites.local.doctor import examine
from datastores.sites.local.machine import Machine
from datastores.sites.local.measuring import measure
from datastores.sites.local.places import place_of
from datastores.sites.local.postgresql.logins import platform_login
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


def test_the_plan_s_limit_holds_exactly_and_the_platform_still_gets_in(running: DataStore) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(25):
            clients.enter_context(connect(running))
        with pytest.raises(psycopg.OperationalError, match=r"connection slots|too many"):
            connect(running)
        assert measure(running)
        assert settle(actions.reset_password(actor=Actor(), store=running)).state == Operation.State.DONE
    connect(running).close()


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


def test_a_server_killed_while_it_wrote_its_lock_starts_again(running: DataStore, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    local_site.supervisor.kill(place.name)
    (place.data / "postmaster.pid").write_text("")
    local_site.supervisor.start(place.name)
    assert wait_until(lambda: measure(DataStore.objects.select_related("slot").get(pk=running.pk)), 20)


def test_a_frozen_backend_does_not_hold_the_platform(running: DataStore, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    with contextlib.closing(platform_login(place)) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        began = time.monotonic()
        try:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
            assert time.monotonic() - began < 8
        finally:
            os.kill(backend, signal.SIGCONT)
