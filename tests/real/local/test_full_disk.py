"""A data store that is filled: writes stop before the disk is full, deleting works, and writes come back by themselves."""

from __future__ import annotations

import psycopg
import pytest

from console.audit import Actor
from console.models import AuditEvent, Member, Notice
from datastores import actions
from datastores.models import DataStore, Operation, Region, ServicePlan
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from datastores.sites.local.site import LocalSite
from datastores.sites.local.storage import watch_disk
from datastores.sites.local.usage import used_bytes
from tests.local_site import connect, settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
MIB = 1024**2
# Held in files without a log of changes, so that what is deleted leaves the disk at once.
FILL = "INSERT INTO heap SELECT repeat('x', 1000) FROM generate_series(1, 10000)"


@pytest.fixture
def running(actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine) -> DataStore:
    """A Hobbyist PostgreSQL that was made as the page makes it."""
    store = actions.create_store(
        actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan
    )
    done = settle(store.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return fresh(store)


def fresh(store: DataStore) -> DataStore:
    """Read the row as the next watch does."""
    return DataStore.objects.select_related("slot", "plan", "region__site").get(pk=store.pk)


def fill(store: DataStore, size: int) -> DataStore:
    """Write 11 MB at a time, with a look at the disk after each, until writes are stopped."""
    with connect(store) as client:
        client.execute("CREATE UNLOGGED TABLE IF NOT EXISTS heap (text text)")
        for _ in range(20):
            client.execute(FILL)
            assert watch_disk(store, size=size)
            store = fresh(store)
            if store.read_only_since:
                return store
    raise AssertionError("writes were never stopped")


@pytest.fixture
def size(running: DataStore, local_site: Machine) -> int:
    """What the store may take in this test: 100 MiB more than it takes when it is new."""
    return used_bytes(place_of(running.nodes.get(), local_site.home).data) + 100 * MIB


def test_the_watch_measures_by_itself_and_writes_go_on(running: DataStore) -> None:
    LocalSite().watch()
    store = fresh(running)
    assert store.disk_measured_at is not None
    assert 30 * MIB < (store.disk_used_bytes or 0) < 200 * MIB
    assert store.state == DataStore.State.RUNNING
    with connect(store) as client:
        client.execute("CREATE TABLE heap (text text)")


def test_writes_stop_deleting_works_and_writes_come_back(running: DataStore, size: int) -> None:
    store = fill(running, size)
    assert store.disk_used_bytes is not None
    assert store.disk_used_bytes < size * 1.1
    with connect(store) as client:
        with pytest.raises(
            psycopg.errors.ReadOnlySqlTransaction, match="cannot execute INSERT in a read-only transaction"
        ):
            client.execute(FILL)
        assert client.execute("SELECT count(*) > 0 FROM heap").fetchone() == (True,)
        client.execute("SET default_transaction_read_only = off")
        client.execute("DELETE FROM heap WHERE text = 'x'")
        client.execute("TRUNCATE heap")
    assert watch_disk(store, size=size)
    store = fresh(store)
    assert store.read_only_since is None
    with connect(store) as client:
        client.execute(FILL)
    actions_told = AuditEvent.objects.filter(object_id=str(store.pk)).values_list("action", flat=True)
    assert {"store.disk_warned", "store.writes_stopped", "store.writes_allowed"} <= set(actions_told)
    subjects = list(Notice.objects.order_by("pk").values_list("subject", flat=True))
    assert sum("read-only" in subject for subject in subjects) == 1
    assert "takes writes again" in subjects[-1]


def test_powering_off_and_on_keeps_writes_stopped(running: DataStore, size: int, actor: Actor) -> None:
    store = fill(running, size)
    settle(actions.power_off(actor=actor, store=store))
    settle(actions.power_on(actor=actor, store=fresh(store)))
    with connect(store) as client, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        client.execute(FILL)


def test_a_kill_between_row_and_server_is_made_up_for_by_the_next_look(running: DataStore, size: int) -> None:
    with connect(running) as client:
        client.execute("CREATE UNLOGGED TABLE heap (text text)")
    DataStore.objects.filter(pk=running.pk).update(read_only_since=running.created_at)  # and then nothing more
    full = used_bytes_now(running) * 100 // 95
    assert watch_disk(fresh(running), size=full)
    with connect(running) as client, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        client.execute(FILL)
    DataStore.objects.filter(pk=running.pk).update(read_only_since=None)
    assert watch_disk(fresh(running), size=full)
    with connect(running) as client:
        client.execute(FILL)


def used_bytes_now(store: DataStore) -> int:
    """Measure the store's primary."""
    return used_bytes(place_of(store.nodes.get(), machine().home).data)
