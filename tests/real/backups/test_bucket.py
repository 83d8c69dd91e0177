"""An archive in a bucket: the same promises as in a folder, and a storage that refuses or is away never takes a store down."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from console.audit import Actor
from console.errors import Refusal
from console.models import Member
from console.services import console_backup
from datastores import actions
from datastores.actions import Wish
from datastores.models import Archive, Backup, DataStore, Operation, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.contract import ArchiverError
from datastores.sites.local.archive.keeping import erase_old
from datastores.sites.local.archive.restic import Repository
from datastores.sites.local.archive.vault import Vault, vault_of
from datastores.sites.local.archive.watching import look_at
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.nodes import restart_node
from datastores.sites.local.places import place_of
from datastores.sites.local.postgresql.archive import fetching, pgbackrest
from host.jobs import Command, Job
from host.waiting import wait_until
from tests.local_site import connect, settle
from tests.object_store import SECRET, ObjectStore
from tests.real.backups.test_cache import client, keys
from tests.real.backups.test_offline import PORT, rows
from tests.real.backups.test_postgresql import count, done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]
WRONG = "a-secret-that-the-server-refuses"
ROW = "a-string-that-nobody-else-writes"


@pytest.fixture
def store(
    actor: Actor, admin: Member, region: Region, local_site: Machine, object_store: ObjectStore, settings: LazySettings
) -> DataStore:
    """A Startup PostgreSQL whose archive is in the bucket, with a thousand rows and a backup."""
    settings.ARCHIVE_BUCKET = object_store.bucket
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    with connect(fresh(made)) as client:
        client.execute("CREATE TABLE notes (id int PRIMARY KEY, text text)")
        client.execute("INSERT INTO notes SELECT g, %s FROM generate_series(1, 1000) g", [ROW])
    done(actions.back_up(actor=actor, store=fresh(made)))
    return fresh(made)


def test_an_archive_in_a_bucket_restores_and_goes_when_its_time_is_over(
    store: DataStore,
    actor: Actor,
    admin: Member,
    local_site: Machine,
    object_store: ObjectStore,
    tmp_path: Path,
) -> None:
    archive = Archive.of(store)
    done(actions.prove(actor=actor, store=store))
    before = timezone.now()
    with connect(store) as client:
        client.execute("DELETE FROM notes WHERE id > 10")
    seal(store)
    then = actions.restore_to_new_store(
        actor=actor, member=admin, source=store, name="orders before", wish=Wish(moment=before)
    )
    done(then.operations.get())
    assert (count(store), count(then)) == (10, 1000)
    absent_and_away_are_told_apart(store, object_store, tmp_path)

    held = object_store.files()
    assert all("/backups/headwater/tests/" in str(path) for path in held)
    assert not (local_site.home.archive / archive.name).exists()
    secrets = [ROW.encode(), store.admin_password.encode(), archive.key.encode(), SECRET.encode()]
    assert not any(word in path.read_bytes() for path in held for word in secrets)
    keys, to = tmp_path / "keys", tmp_path / "back"
    call_command("archive_keys", str(keys))
    said = StringIO()
    call_command("restore", archive.name, "--keys", str(keys), "--to", str(to), "--port", str(PORT), stdout=said)
    job = Job(tmp_path / "served")
    job.start(Command(["sh", "-c", f"exec {said.getvalue().splitlines()[-1]}"]))
    try:
        assert wait_until(lambda: rows(store) == 10, 20), job.last_words()
    finally:
        job.end()

    done(actions.delete_store(actor=actor, store=fresh(then), typed_name="orders before"))
    done(actions.delete_store(actor=actor, store=fresh(store), typed_name="orders"))
    Archive.objects.filter(store=store).update(keep_until=timezone.now() - timedelta(seconds=1))
    erase_old(local_site)
    assert object_store.files() == []
    assert not Archive.objects.exists()


def test_a_cache_s_archive_in_a_bucket_restores_and_reveals_nothing(
    actor: Actor,
    admin: Member,
    region: Region,
    local_site: Machine,
    object_store: ObjectStore,
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    settings.ARCHIVE_BUCKET = object_store.bucket
    plan = ServicePlan.objects.get(slug="startup-4")
    cache = actions.create_store(actor=actor, member=admin, engine="cache", name="carts", region=region, plan=plan)
    done(cache.operations.get())
    with client(cache) as session:
        session.mset({f"key:{number}": ROW for number in range(100)})
    done(actions.back_up(actor=actor, store=fresh(cache)))
    done(actions.prove(actor=actor, store=fresh(cache)))
    with client(cache) as session:
        session.set("later", 1)
    seal(cache)
    again = actions.restore_to_new_store(actor=actor, member=admin, source=fresh(cache), name="again", wish=Wish())
    done(again.operations.get())
    assert keys(again) == 101
    archive = Archive.of(cache)
    assert not (local_site.home.archive / archive.name).exists()
    hidden = [ROW.encode(), b"key:", cache.admin_password.encode(), archive.key.encode(), SECRET.encode()]
    assert not any(word in path.read_bytes() for path in object_store.files() for word in hidden)
    file, to, said = tmp_path / "keys", tmp_path / "back", StringIO()
    call_command("archive_keys", str(file))
    call_command("restore", archive.name, "--keys", str(file), "--to", str(to), "--port", str(PORT), stdout=said)
    assert "and its log up to" in said.getvalue()
    done(actions.delete_store(actor=actor, store=fresh(cache), typed_name="carts"))
    Archive.objects.filter(store=cache).update(keep_until=timezone.now() - timedelta(seconds=1))
    erase_old(local_site)
    assert not Archive.objects.filter(store=cache).exists()
    assert not any("snapshots" in str(path) or "data" in path.parts for path in object_store.files())


def test_a_storage_that_refuses_or_is_away_is_told_and_stops_nothing(
    store: DataStore, actor: Actor, local_site: Machine, object_store: ObjectStore, settings: LazySettings
) -> None:
    settings.ARCHIVE_BUCKET = object_store.with_secret(WRONG)
    restart_node(local_site, store.nodes.get())
    told = problem(store, "refuses the access key")
    assert told.startswith("The archive does not take the log.")
    ended = settle(actions.back_up(actor=actor, store=fresh(store)))
    assert ended.state == Operation.State.FAILED
    assert "refuses the access key" in ended.sentence
    assert Backup.objects.filter(state=Backup.State.COMPLETE).count() == 1, "nothing is believed to have expired"

    object_store.stop()
    settings.ARCHIVE_BUCKET = object_store.bucket
    began = time.monotonic()
    done(actions.power_off(actor=actor, store=fresh(store)))
    done(actions.power_on(actor=actor, store=fresh(store)))
    assert count(store) == 1000
    assert time.monotonic() - began < 30
    ended = settle(actions.back_up(actor=actor, store=fresh(store)))
    assert "storage can't be reached" in ended.sentence
    object_store.start()
    done(actions.back_up(actor=actor, store=fresh(store)))
    assert seal(store).problem == ""
    written = [path.read_bytes() for path in local_site.home.log.rglob("*") if path.is_file()]
    assert not any(word.encode() in text for text in written for word in (SECRET, WRONG))


def absent_and_away_are_told_apart(store: DataStore, object_store: ObjectStore, tmp_path: Path) -> None:
    """A replay ends at a file that the archive does not have; at a bucket that can't be read it stops and can go on."""
    place = place_of(store.nodes.get(), machine().home)
    archive = vault_of(Archive.of(store), machine().home)

    def fetch(vault: Vault) -> int:
        file = pgbackrest.write_configuration("repository.conf", place, vault)
        fetching.recovery_options(place, vault, file)
        script = str(place.configuration / fetching.FETCH_FILE)
        return subprocess.run(["sh", script, "0000000100000000000000FF", str(tmp_path / "log")], check=False).returncode

    assert fetch(archive) == 1
    assert fetch(replace(archive, bucket=object_store.with_secret(WRONG))) == 255


def problem(store: DataStore, words: str) -> str:
    """Wait until a look at the log says why it does not arrive."""
    archiver = archiver_of(store)
    assert archiver
    archiver.seal(place_of(store.nodes.get(), machine().home), {})

    def said() -> str:
        found = look_at(store, archiver)
        return found.problem if found else ""

    assert wait_until(lambda: words in said(), 30), said()
    return said()


def test_restic_keeps_and_erases_in_the_bucket(object_store: ObjectStore, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows").write_text(ROW * 1000)
    vault = Vault(tmp_path / "abc", "the-key-of-this-store", object_store.bucket)
    repository = Repository.keep(tmp_path / "etc", vault)
    repository.make()
    repository.answer(repository.back_up([data], {"kind": "backup"}))
    (kept,) = repository.snapshots(kind="backup")
    repository.answer(repository.restore(kept, str(data), tmp_path / "back"))
    assert (tmp_path / "back" / "rows").read_text() == ROW * 1000
    assert not any(ROW.encode() in path.read_bytes() for path in object_store.files())
    assert SECRET not in str(repository.command("snapshots"))
    assert (tmp_path / "etc" / "login").stat().st_mode & 0o777 == 0o600
    repository.erase()
    assert repository.snapshots() == []
    assert not [path for path in object_store.files() if path.parent.name in {"data", "index", "snapshots"}]

    Repository.keep(tmp_path / "never", replace(vault, directory=tmp_path / "never")).erase()  # it was never made
    refused = Repository.keep(tmp_path / "other", replace(vault, bucket=object_store.with_secret(WRONG)))
    with pytest.raises(ArchiverError, match="refuses"):
        refused.make()


def test_the_console_s_dumps_are_in_the_bucket_too(object_store: ObjectStore, settings: LazySettings, db: None) -> None:
    settings.ARCHIVE_BUCKET = object_store.with_secret(WRONG)
    with pytest.raises(Refusal, match="could not be copied"):
        console_backup.back_up(settings.HOME)
    assert console_backup.is_due(settings.HOME, datetime.now(UTC)), "it is tried again"
    settings.ARCHIVE_BUCKET = object_store.bucket
    file = console_backup.back_up(settings.HOME)
    dump = file.read_bytes()
    assert not console_backup.is_due(settings.HOME, datetime.now(UTC))
    assert not any(dump[:100] in path.read_bytes() for path in object_store.files())
    file.unlink()
    call_command("backup_console", "--fetch")
    assert file.read_bytes() == dump
