"""A MySQL's archive from outside: backed up, proved, restored to any second, and nothing to be read without the key."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pymysql
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Archive, Backup, DataStore, Proof, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.loss import lost_stores, replace_lost
from datastores.sites.local.archive.vault import vault_of
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.places import place_of
from host.jobs import Command, Job
from host.waiting import wait_until
from tests.real.backups.test_postgresql import SECRET, done, everything_below, fresh, seal

PORT = settings.NODE_FIRST_PORT + 37  # see test_offline
pytestmark = [pytest.mark.real, pytest.mark.django_db]


def login(store: DataStore, port: int) -> pymysql.Connection[Any]:
    """Connect as a client does, over TLS with full verification."""
    return pymysql.connect(
        host=settings.EDGE_HOST,
        port=port,
        user=store.admin_user,
        password=store.admin_password,
        database=store.default_database,
        ssl={"ca": str(machine().ca_file)},
        connect_timeout=5,
        autocommit=True,
    )


def run(store: DataStore, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements as the super admin and return the last one's rows."""
    store = fresh(store)
    with login(store, store.slot.port) as client, client.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def count(store: DataStore) -> int:
    return int(run(store, "SELECT count(*) FROM notes")[0][0])


def rows(first: int, last: int) -> str:
    numbers = "WITH RECURSIVE g (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM g WHERE id < 1000) SELECT id FROM g"
    return f"INSERT INTO notes SELECT id, '{SECRET}' FROM ({numbers}) AS n WHERE id BETWEEN {first} AND {last}"  # noqa: S608


def expire(store: DataStore, *, keep: int) -> None:
    """Have all but the newest backups removed, and the log that only they needed."""
    archiver, place, archive = archiver_of(store), place_of(store.nodes.get(), machine().home), Archive.of(store)
    assert archiver
    log = machine().home.archive / archive.name / "log"
    newest, before = archiver.catalogue(place)[-keep:], len(list(log.iterdir()))
    call = archiver.expire(place, keep)
    subprocess.run(call.arguments, env={"PATH": "/usr/bin:/bin", **call.environment}, check=True)
    assert archiver.catalogue(place) == newest
    assert len(list(log.iterdir())) < before
    found = archiver.look(place, vault_of(archive, machine().home), archive.position, timezone.now())
    assert (found.problem, found.missing) == ("", "")


def offline(store: DataStore, directory: Path, moment: str) -> int:
    """Restore from the folder and the key alone, as on another machine, and count with the password of before."""
    archive = machine().home.archive / Archive.of(store).name
    keys, to, out = directory / "keys", directory / "back", directory / "out"
    call_command("archive_keys", str(keys))
    secrets = {path: path.read_bytes() for path in settings.HOME.secrets.glob("mysql-*")}
    for path in secrets:
        path.unlink()
    try:
        with out.open("w") as said:
            arguments = ["--keys", str(keys), "--to", str(to), "--port", str(PORT), "--moment", moment]
            call_command("restore", str(archive), *arguments, stdout=said)
    finally:
        for path, content in secrets.items():
            path.write_bytes(content)
    job = Job(directory / "served")
    job.start(Command(["sh", "-c", f"exec {out.read_text().splitlines()[-1]}"]))
    try:
        assert wait_until(lambda: "ready for connections" in job.last_words(), 20), job.last_words()
        with login(store, PORT) as client, client.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM notes")
            return int(cursor.fetchall()[0][0])
    finally:
        job.end()


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A Startup MySQL that was made as the page makes it, with a table of a thousand rows."""
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="mysql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    run(made, "CREATE TABLE notes (id int PRIMARY KEY, text text)", rows(1, 1000))
    return fresh(made)


def events(store: DataStore) -> dict[str, str]:
    return {str(row[1]): str(row[10]) for row in run(store, "SHOW EVENTS")}


def test_a_backup_is_proved_and_brings_back_any_second(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine, tmp_path: Path
) -> None:
    run(store, "CREATE EVENT early ON SCHEDULE EVERY 1 DAY DO SELECT 1")
    run(store, "CREATE TABLE fleeting (id int PRIMARY KEY) ENGINE = MEMORY", "INSERT INTO fleeting VALUES (1), (2)")
    done(actions.back_up(actor=actor, store=store))
    backup = Backup.objects.get()
    assert backup.manifest["tables"]["defaultdb.notes"] == 1000
    proof = done(actions.prove(actor=actor, store=store))
    assert "1 table, 1,000 rows checked" in proof.sentence
    assert Proof.objects.get().state == Proof.State.PASSED
    assert not list(local_site.home.scratch.iterdir())

    run(store, "CREATE EVENT late ON SCHEDULE EVERY 1 DAY DO SELECT 1", "ALTER EVENT early DISABLE")
    run(store, "DELETE FROM fleeting WHERE id = 1")
    before = timezone.now()
    run(store, "DELETE FROM notes WHERE id > 10")
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
    assert events(as_backed_up) == {"early": "ENABLED"}
    assert events(latest) == {"early": "DISABLED", "late": "ENABLED"}
    assert fresh(at_moment).admin_password != store.admin_password
    place = place_of(at_moment.nodes.get(), local_site.home)
    with administration(place) as session:
        assert session.row("SHOW REPLICA STATUS") == {}
        assert session.execute("SELECT @@event_scheduler, @@max_connections")[0] == ("ON", session.limit + 1)
    done(actions.back_up(actor=actor, store=fresh(at_moment)))
    assert offline(store, tmp_path, f"{before:%Y-%m-%d %H:%M:%S.%f}") == 1000

    done(actions.back_up(actor=actor, store=store))
    expire(store, keep=1)
    done(actions.prove(actor=actor, store=store))

    revealing = [SECRET.encode(), store.admin_password.encode(), archive.key.encode(), b"hwadmin", b"notes"]
    for content in everything_below(local_site.home.archive):
        assert not any(word in content for word in revealing)


def test_a_lost_node_comes_back_under_the_same_address_and_a_deleted_store_too(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine
) -> None:
    done(actions.back_up(actor=actor, store=store))
    run(store, "DELETE FROM notes WHERE id > 700")
    seal(store)
    run(store, "DELETE FROM notes WHERE id > 400")  # in no archived file
    place = place_of(store.nodes.get(), local_site.home)
    local_site.supervisor.kill(place.name)
    (place.data / "mysql.ibd").unlink()
    store.set_state(DataStore.State.UNREACHABLE)
    restored = done(actions.restore_node(actor=actor, store=store, typed_name="orders"))
    assert "the log that was left on the lost node" in restored.sentence
    assert count(store) == 400, "the old node's log was saved"
    assert fresh(store).slot.port == store.slot.port
    run(store, "INSERT INTO notes VALUES (401, 'new')")
    seal(store)
    assert not Archive.objects.get(store=store).problem
    node = store.nodes.get()
    run(store, "DELETE FROM notes WHERE id <= 100")
    shutil.rmtree(place_of(node, local_site.home).data)
    assert [found.pk for found in lost_stores(local_site)] == [store.pk]
    replace_lost(local_site)
    restored = done(store.operations.get(kind="restore_node", state="waiting"))
    assert "is lost" in restored.sentence
    assert count(store) == 401, "the log goes on from one node to the next, so the old backup is enough"
    assert store.nodes.get().number == node.number + 1

    before = fresh(store)
    done(actions.back_up(actor=actor, store=before))
    run(before, "DELETE FROM notes ORDER BY id DESC LIMIT 1")
    done(actions.delete_store(actor=actor, store=before, typed_name="orders"))
    back = actions.restore_deleted(actor=actor, member=admin, store=actions.deleted_stores(admin).get())
    done(back.operations.get())
    assert (count(back), fresh(back).slot.port) == (400, before.slot.port), "what was written last is there, too"
    assert fresh(back).admin_password == before.admin_password
