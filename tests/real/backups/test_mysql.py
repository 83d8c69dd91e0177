"""A MySQL's archive from outside: backed up, proved, restored to any second, and nothing to be read without the key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pymysql
import pytest
from django.conf import settings
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Archive, Backup, DataStore, Proof, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.loss import lost_stores, replace_lost
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.mysql.logins import administration
from datastores.sites.local.places import place_of
from tests.real.backups.test_postgresql import SECRET, done, everything_below, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@contextmanager
def connect(store: DataStore) -> Iterator[pymysql.Connection[Any]]:
    """Connect as a client does: stable address, TLS, full verification."""
    store = fresh(store)
    with pymysql.connect(
        host=settings.EDGE_HOST,
        port=store.slot.port,
        user=store.admin_user,
        password=store.admin_password,
        database=store.default_database,
        ssl={"ca": str(machine().ca_file)},
        connect_timeout=5,
        autocommit=True,
    ) as client:
        yield client


def run(store: DataStore, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements as the super admin and return the last one's rows."""
    with connect(store) as client, client.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def count(store: DataStore) -> int:
    return int(run(store, "SELECT count(*) FROM notes")[0][0])


def rows(first: int, last: int) -> str:
    values = ",".join(f"({number}, '{SECRET}')" for number in range(first, last + 1))
    return f"INSERT INTO notes VALUES {values}"


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A Startup MySQL that was made as the page makes it, with a table of a thousand rows."""
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="mysql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    run(made, "CREATE TABLE notes (id int PRIMARY KEY, text text)", rows(1, 1000))
    return fresh(made)


def events(store: DataStore) -> dict[str, str]:
    rows = run(store, "SELECT event_name, status FROM information_schema.events WHERE event_schema = 'defaultdb'")
    return {str(name): str(status) for name, status in rows}


def test_a_backup_is_proved_and_brings_back_any_second(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine
) -> None:
    run(store, "CREATE EVENT early ON SCHEDULE EVERY 1 DAY DO SELECT 1")
    done(actions.back_up(actor=actor, store=store))
    backup = Backup.objects.get()
    assert backup.manifest["tables"]["defaultdb.notes"] == 1000
    proof = done(actions.prove(actor=actor, store=store))
    assert "1 table, 1,000 rows checked" in proof.sentence
    assert Proof.objects.get().state == Proof.State.PASSED
    assert not list(local_site.home.scratch.iterdir())

    run(store, "CREATE EVENT late ON SCHEDULE EVERY 1 DAY DO SELECT 1", "ALTER EVENT early DISABLE")
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

    revealing = [SECRET.encode(), store.admin_password.encode(), archive.key.encode(), b"hwadmin", b"notes"]
    for content in everything_below(local_site.home.archive):
        assert not any(word in content for word in revealing)
