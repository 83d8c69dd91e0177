"""The day on which the console is lost: an archive's folder and its key are enough, and the console itself comes back."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import redis
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from console.services import console_backup
from datastores import actions
from datastores.models import Archive, DataStore, Region, ServicePlan
from datastores.sites.local.cache.archive import shipping
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from host.jobs import Command, Job, JobState
from host.processes import end_all
from host.trees import Programs
from host.waiting import wait_until
from tests.local_site import connect
from tests.real.backups.test_cache import client
from tests.real.backups.test_postgresql import done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]


# Of this run's own, the last that a node would get, and below those that the kernel gives to clients.
PORT = settings.NODE_FIRST_PORT + 38


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine) -> DataStore:
    """A PostgreSQL with a backup, and rows that only its log has."""
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    with connect(fresh(made)) as client:
        client.execute("CREATE TABLE notes AS SELECT g AS id FROM generate_series(1, 100) g")
    done(actions.back_up(actor=actor, store=fresh(made)))
    with connect(fresh(made)) as client:
        client.execute("INSERT INTO notes SELECT g AS id FROM generate_series(101, 150) g")
    seal(made)
    return fresh(made)


def test_archive_and_key_bring_a_store_back(store: DataStore, local_site: Machine, tmp_path: Path) -> None:
    keys, to = tmp_path / "keys", tmp_path / "back"
    call_command("archive_keys", str(keys))
    assert keys.stat().st_mode & 0o777 == 0o600
    archive = local_site.home.archive / Archive.of(store).name
    out = tmp_path / "out"
    with out.open("w") as said:
        call_command("restore", str(archive), "--keys", str(keys), "--to", str(to), "--port", str(PORT), stdout=said)
    command = out.read_text().splitlines()[-1]
    job = Job(tmp_path / "served")
    job.start(Command(["sh", "-c", f"exec {command}"]))
    try:
        assert wait_until(lambda: rows(store) == 150, 20)
    finally:
        job.end()
    with pytest.raises(CommandError, match="exists already"):
        call_command("restore", str(archive), "--keys", str(keys), "--to", str(to), "--port", str(PORT))


def test_archive_and_key_bring_a_cache_back(
    actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine, tmp_path: Path
) -> None:
    made = actions.create_store(actor=actor, member=admin, engine="cache", name="sessions", region=region, plan=plan)
    done(made.operations.get())
    with client(made) as cache:
        cache.mset({f"key:{number}": number for number in range(100)})
    done(actions.back_up(actor=actor, store=fresh(made)))
    with client(made) as cache:
        cache.set("later", 1)
    seal(made)
    copying = shipping.log_job(place_of(fresh(made).nodes.get(), local_site.home))
    assert wait_until(lambda: copying.state() is not JobState.RUNNING, 20), "the next copy of its log goes on"
    keys, to = tmp_path / "keys", tmp_path / "back"
    call_command("archive_keys", str(keys))
    archive = local_site.home.archive / Archive.of(made).name
    before = sorted(path for path in archive.rglob("*"))
    out = tmp_path / "out"
    with out.open("w") as said:
        call_command("restore", str(archive), "--keys", str(keys), "--to", str(to), "--port", str(PORT), stdout=said)
    assert sorted(path for path in archive.rglob("*")) == before, "the archive is only read"
    job = Job(tmp_path / "served")
    job.start(Command(["sh", "-c", f"exec {out.read_text().splitlines()[-1]}"]))
    try:
        assert wait_until(lambda: keys_at(PORT, fresh(made)) == 101, 20)
    finally:
        end_all(to, 10)  # Valkey writes its title over the mark of the job


def keys_at(port: int, store: DataStore) -> int:
    """Count as the super admin, with the password of before."""
    user, password = store.admin_user, store.admin_password
    try:
        with redis.Redis("127.0.0.1", port, username=user, password=password, ssl=True, ssl_cert_reqs="none") as cache:
            return int(cache.dbsize())
    except redis.RedisError:
        return 0


def rows(store: DataStore) -> int:
    """Count as the super admin, with the password of before."""
    try:
        with psycopg.connect(
            host="127.0.0.1",
            port=PORT,
            user=store.admin_user,
            password=store.admin_password,
            dbname=store.default_database,
            sslmode="require",
        ) as client:
            row = client.execute("SELECT count(*) FROM notes").fetchone()
    except psycopg.OperationalError:
        return 0
    return int(row[0]) if row else 0


def test_the_console_s_own_database_is_backed_up_encrypted() -> None:
    file = console_backup.back_up(settings.HOME)
    key = (settings.HOME.secrets / console_backup.KEY_FILE).read_text()
    dump = Fernet(key).decrypt(file.read_bytes())
    assert dump.startswith(b"PGDMP")
    listed = subprocess.run(
        [str(Programs(settings.HOME.engines).program("postgresql", "pg_restore")), "--list"],
        input=dump,
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "datastores_datastore" in listed
    assert not console_backup.is_due(settings.HOME, datetime.now(UTC))
    file.write_bytes(file.read_bytes()[:-10])
    connections.close_all()
    with pytest.raises(Refusal, match="can't be opened"):
        console_backup.restore(settings.HOME, file)
