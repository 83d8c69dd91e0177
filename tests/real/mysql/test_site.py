"""A MySQL store on the local site, from Create to deleted, through its stable address."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

import pymysql
import pytest
from django.conf import settings
from pymysql.constants import ER

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.engines.mysql import MySQL
from datastores.engines.registry import ENGINES
from datastores.models import DataStore, Operation, Region, ServicePlan
from datastores.sites.local.doctor import examine
from datastores.sites.local.engines import LOCAL_ENGINES
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.measuring import measure
from datastores.sites.local.mysql import LocalMySQL
from datastores.sites.local.places import place_of
from host.waiting import wait_until
from tests.local_site import settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
State = DataStore.State
LIMIT = 76


@pytest.fixture
def running(
    actor: Actor,
    admin: Member,
    region: Region,
    plan: ServicePlan,
    local_site: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> DataStore:
    """A Hobbyist MySQL that was made as the page makes it."""
    monkeypatch.setitem(ENGINES, "mysql", MySQL())
    monkeypatch.setitem(LOCAL_ENGINES, "mysql", LocalMySQL())
    store = actions.create_store(
        actor=actor,
        member=admin,
        engine="mysql",
        name="orders",
        region=region,
        plan=plan,
    )
    done = settle(store.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return fresh(store)


def fresh(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site").get(pk=store.pk)


def connect(store: DataStore, **changes: Any) -> pymysql.Connection[Any]:
    """Connect as a client does: stable address, TLS, full verification."""
    parameters: dict[str, Any] = {
        "host": settings.EDGE_HOST,
        "port": store.slot.port,
        "user": store.admin_user,
        "password": store.admin_password,
        "database": store.default_database,
        "ssl": {"ca": str(machine().ca_file)},
        "connect_timeout": 5,
        "autocommit": True,
    }
    return pymysql.connect(**(parameters | changes))


def query(store: DataStore, statement: str) -> object:
    with connect(store) as client, client.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
        return row[0] if row else None


def answers(store: DataStore) -> bool:
    try:
        return query(store, "SELECT 1") == 1
    except pymysql.MySQLError:
        return False


def test_create_ends_with_a_server_that_a_client_can_use(running: DataStore) -> None:
    assert running.state == State.RUNNING
    assert running.evidence.startswith("Logged in over TLS 1.3")
    assert query(running, "SELECT CURRENT_USER()") == "hwadmin@%"


def test_the_limit_holds_at_the_stable_address_and_the_platform_still_gets_in(running: DataStore) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(LIMIT):
            clients.enter_context(connect(running))
        with pytest.raises(pymysql.MySQLError) as error:
            connect(running)
        assert error.value.args[0] == ER.CON_COUNT_ERROR
        assert measure(running)
        assert settle(actions.reset_password(actor=Actor(), store=running)).state == Operation.State.DONE
    store = fresh(running)
    assert store.admin_password != running.admin_password
    assert wait_until(lambda: answers(store), 5)


def test_power_off_and_on_keep_data_and_address(running: DataStore, actor: Actor) -> None:
    query(running, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert settle(actions.power_off(actor=actor, store=running)).state == Operation.State.DONE
    assert not answers(running)
    assert settle(actions.power_on(actor=actor, store=fresh(running))).state == Operation.State.DONE
    assert fresh(running).slot.port == running.slot.port
    assert query(running, "SELECT answer FROM kept") == 42


def test_a_killed_server_is_back_by_itself(running: DataStore, local_site: Machine) -> None:
    query(running, "CREATE TABLE kept AS SELECT 42 AS answer")
    place = place_of(running.nodes.get(), local_site.home)
    process = local_site.supervisor.status(place.name).pid
    assert process is not None
    os.kill(process, signal.SIGKILL)
    began = time.monotonic()
    assert wait_until(lambda: answers(running), 20)
    assert query(running, "SELECT answer FROM kept") == 42
    assert time.monotonic() - began < 20
    assert measure(running)


def test_delete_leaves_nothing(running: DataStore, actor: Actor, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    operation = actions.delete_store(actor=actor, store=running, typed_name=running.name)
    assert settle(operation).state == Operation.State.DONE
    assert not place.directory.exists()
    assert not place.sockets.exists()
    assert not answers(running)


def test_the_doctor_finds_nothing_wrong(running: DataStore, local_site: Machine) -> None:
    assert [finding.sentence for finding in examine(local_site)] == []
