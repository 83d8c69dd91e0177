"""A PostgreSQL's archive from outside: backed up, proved, restored to any second, and nothing to be read without the key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Archive, Backup, DataStore, Node, Operation, Proof, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.keeping import erase_old
from datastores.sites.local.archive.loss import lost_stores, replace_lost
from datastores.sites.local.archive.watching import look_at
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from host.waiting import wait_until
from tests.local_site import connect, settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]
SECRET = "a-string-that-nobody-else-writes"
State = Operation.State


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A Startup PostgreSQL that was made as the page makes it, with a table of a thousand rows."""
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    assert settle(made.operations.get()).state == State.DONE
    made = fresh(made)
    with connect(made) as client:
        client.execute("CREATE TABLE notes (id int PRIMARY KEY, text text)")
        client.execute("INSERT INTO notes SELECT g, %s FROM generate_series(1, 1000) g", [SECRET])
    return made


def fresh(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)


def done(operation: Operation) -> Operation:
    ended = settle(operation)
    assert ended.state == State.DONE, ended.sentence
    return ended


def count(store: DataStore) -> int:
    with connect(fresh(store)) as client:
        row = client.execute("SELECT count(*) FROM notes").fetchone()
    assert row
    return int(row[0])


def everything_below(directory: Path) -> Iterator[bytes]:
    for path in directory.rglob("*"):
        yield path.name.encode()
        if path.is_file():
            yield path.read_bytes()


def test_a_backup_is_proved_and_brings_back_any_second(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine
) -> None:
    done(actions.back_up(actor=actor, store=store))
    backup = Backup.objects.get()
    assert backup.manifest["defaultdb"][0][-1] == 1000
    proof = done(actions.prove(actor=actor, store=store))
    assert "1 table, 1,000 rows checked" in proof.sentence
    assert Proof.objects.get().state == Proof.State.PASSED
    assert not list(local_site.home.scratch.iterdir())

    before = timezone.now()
    with connect(store) as client:
        client.execute("DELETE FROM notes WHERE id > 10")
    archive = seal(store)
    assert archive.archived_until
    assert archive.archived_until > before

    at_moment = actions.restore_to_new_store(
        actor=actor, member=admin, source=store, name="orders before", wish=Wish(moment=before)
    )
    latest = actions.restore_to_new_store(actor=actor, member=admin, source=store, name="orders now", wish=Wish())
    as_backed_up = actions.restore_to_new_store(
        actor=actor, member=admin, source=store, name="orders then", wish=Wish(backup=backup.label)
    )
    for restored in (at_moment, latest, as_backed_up):
        done(restored.operations.get())
    assert [count(each) for each in (store, at_moment, latest, as_backed_up)] == [10, 1000, 10, 1000]
    assert fresh(at_moment).admin_password != store.admin_password
    place = place_of(at_moment.nodes.get(), local_site.home)
    assert "recovery_target" not in (place.data / "postgresql.auto.conf").read_text()
    done(actions.back_up(actor=actor, store=fresh(at_moment)))

    with pytest.raises(Refusal, match="can't be restored"):
        actions.restore_to_new_store(
            actor=actor, member=admin, source=store, name="x", wish=Wish(moment=before - timedelta(days=1))
        )
    revealing = [SECRET.encode(), store.admin_password.encode(), archive.key.encode(), b"hwadmin", b"notes"]
    for content in everything_below(local_site.home.archive):
        assert not any(word in content for word in revealing)


def seal(store: DataStore) -> Archive:
    """Have the log archived up to now, as the end of a backup does."""
    archiver, node = archiver_of(store), store.nodes.get(role=Node.Role.PRIMARY)
    assert archiver
    place = place_of(node, machine().home)
    moment, position = archiver.seal(place, Archive.of(store).position)
    Archive.objects.filter(store=store).update(position=position)

    def arrived() -> bool:
        with transaction.atomic():
            found = look_at(store, archiver)
        return bool(found and found.archived_until and found.archived_until >= moment)

    assert wait_until(arrived, 20)
    return Archive.of(store)


def test_a_lost_node_comes_back_under_the_same_address_and_a_deleted_store_too(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine
) -> None:
    done(actions.back_up(actor=actor, store=store))
    with connect(store) as client:
        client.execute("DELETE FROM notes WHERE id > 700")
    seal(store)
    with connect(store) as client:
        client.execute("DELETE FROM notes WHERE id > 400")  # in no archived file
    place = place_of(store.nodes.get(), local_site.home)
    local_site.supervisor.kill(place.name)
    (place.data / "global" / "pg_control").unlink()
    store.set_state(DataStore.State.UNREACHABLE)
    restored = done(actions.restore_node(actor=actor, store=store, typed_name="orders"))
    assert "the log that was left on the lost node" in restored.sentence
    assert count(store) == 400, "the old node's log was saved"
    assert fresh(store).slot.port == store.slot.port
    done(actions.back_up(actor=actor, store=fresh(store)))
    seal(store)
    with connect(fresh(store)) as client:
        client.execute("DELETE FROM notes WHERE id > 100")

    node = store.nodes.get()
    shutil.rmtree(place_of(node, local_site.home).data)
    assert [found.pk for found in lost_stores(local_site)] == [store.pk]
    replace_lost(local_site)
    restored = done(store.operations.get(kind="restore_node", state="waiting"))
    assert "is lost" in restored.sentence
    assert count(store) == 400
    assert store.nodes.get().number == node.number + 1

    before = fresh(store)
    done(actions.back_up(actor=actor, store=before))
    with connect(before) as client:
        client.execute("DELETE FROM notes WHERE id > 350")
    done(actions.delete_store(actor=actor, store=before, typed_name="orders"))
    assert [gone.pk for gone in actions.deleted_stores(admin)] == [store.pk]
    back = actions.restore_deleted(actor=actor, member=admin, store=actions.deleted_stores(admin).get())
    done(back.operations.get())
    assert (count(back), fresh(back).slot.port) == (350, before.slot.port), "what was written last is there, too"
    assert fresh(back).admin_password == before.admin_password
    Archive.objects.filter(store=store).update(keep_until=timezone.now() - timedelta(seconds=1))
    directory = local_site.home.archive / Archive.of(store).name
    assert directory.exists()
    erase_old(local_site)
    assert not directory.exists()
    assert not Archive.objects.filter(store=store).exists()
