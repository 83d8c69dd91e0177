"""A MySQL's archive in a bucket: the bucket and the key are enough, and whoever dies on the way there loses nothing."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Archive, DataStore, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.keeping import erase_old
from datastores.sites.local.archive.vault import vault_of
from datastores.sites.local.archive.watching import look_at
from datastores.sites.local.binlogs.folder import Folder
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.mysql.archive import shipping
from datastores.sites.local.mysql.archive.keeping import repository_of
from datastores.sites.local.mysql.archive.segments import KIND, segments
from datastores.sites.local.nodes import restart_node
from datastores.sites.local.places import place_of
from host.jobs import JobState
from host.waiting import wait_until
from tests.object_store import SECRET, ObjectStore
from tests.real.backups.test_bucket import ROW, WRONG, problem
from tests.real.backups.test_mysql import run
from tests.real.backups.test_offline import PORT
from tests.real.backups.test_postgresql import done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]


def test_a_mysql_s_archive_in_a_bucket_needs_nothing_else(
    actor: Actor,
    admin: Member,
    region: Region,
    local_site: Machine,
    object_store: ObjectStore,
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ARCHIVE_BUCKET = object_store.bucket
    monkeypatch.setattr(shipping, "FULL_FILES", 3)
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="mysql", name="books", region=region, plan=plan)
    done(made.operations.get())
    run(made, "CREATE TABLE notes (id int PRIMARY KEY, text text)")
    note_down(made, 1)
    done(actions.back_up(actor=actor, store=fresh(made)))
    archive, place = Archive.of(made), place_of(made.nodes.get(), local_site.home)
    here = local_site.home.archive / archive.name
    for number in range(2, 6):
        note_down(made, number)
        seal(made)
    assert len(list((here / "log").glob("0*"))) <= 3, "what the bucket has goes from here"
    repository = repository_of(place)
    assert 1 < len(segments(repository.snapshots(kind=KIND))) <= 4
    before = timezone.now()
    run(made, "DELETE FROM notes WHERE id > 2")
    seal(made)
    dies_between_sealing_and_noting(made, here)
    refuses_and_is_away(made, object_store, settings)
    assert not Archive.of(made).problem

    shutil.rmtree(here)
    done(actions.prove(actor=actor, store=fresh(made)))
    note_down(made, 9)
    seal(made)
    assert Archive.of(made).unbroken_since == archive.unbroken_since, "it goes on where the bucket ends"
    then = actions.restore_to_new_store(
        actor=actor, member=admin, source=fresh(made), name="books before", wish=Wish(moment=before)
    )
    done(then.operations.get())
    assert (count_notes(made), count_notes(then)) == (6, 5)
    shutil.rmtree(here)
    hidden = [ROW.encode(), b"notes", made.admin_password.encode(), archive.key.encode(), SECRET.encode()]
    assert not any(word in path.read_bytes() for path in object_store.files() for word in hidden)
    file, to, said = tmp_path / "keys", tmp_path / "back", StringIO()
    call_command("archive_keys", str(file))
    call_command("restore", archive.name, "--keys", str(file), "--to", str(to), "--port", str(PORT), stdout=said)
    assert "and its log up to" in said.getvalue()

    gone = [each.snapshot.id for each in segments(repository.snapshots(kind=KIND))[:-1]]
    repository.answer(repository.command("forget", *gone))
    tells_a_gap(made)
    done(actions.delete_store(actor=actor, store=fresh(then), typed_name="books before"))
    done(actions.delete_store(actor=actor, store=fresh(made), typed_name="books"))
    Archive.objects.update(keep_until=timezone.now() - timedelta(seconds=1))
    erase_old(local_site)
    assert not Archive.objects.exists()
    assert not here.exists()
    assert not any("snapshots" in str(path) or "data" in path.parts for path in object_store.files())


def tells_a_gap(store: DataStore) -> None:
    """Whatever is looked at next is copied, and what is missing is seen then: the window begins anew."""
    archiver, before = archiver_of(store), Archive.of(store).unbroken_since
    assert archiver
    archiver.seal(place_of(store.nodes.get(), machine().home), {})

    def told() -> bool:
        found = look_at(store, archiver)
        return bool(found and found.unbroken_since != before)

    assert wait_until(told, 20)


def note_down(store: DataStore, number: int) -> None:
    run(store, f"INSERT INTO notes VALUES ({number}, '{ROW}')")  # noqa: S608 - words of ours


def count_notes(store: DataStore) -> int:
    return int(run(store, "SELECT count(*) FROM notes")[0][0])


def dies_between_sealing_and_noting(store: DataStore, here: Path) -> None:
    """What was sealed, or copied, and not written down is copied again and told; nothing is archived twice or left out."""
    archiver, place = archiver_of(store), place_of(store.nodes.get(), machine().home)
    assert archiver
    archive = Archive.of(store)
    vault, position = vault_of(archive, machine().home), archive.position
    note_down(store, 6)
    sealed = Folder(here, archive.key).numbers
    for dies in ("sealed", "copied"):
        moment, position = archiver.seal(place, position)
        with pytest.MonkeyPatch.context() as patch:
            if dies == "sealed":
                patch.setattr(shipping.Way, "start", lambda *_: None)
            archiver.look(place, vault, position, timezone.now())
        assert wait_until(lambda: shipping.job_of(vault).state() is not JobState.RUNNING, 20)
        Archive.objects.filter(store=store).update(position=archive.position)
        newest = sealed()[-1]

        def arrived(moment: datetime = moment) -> bool:
            found = look_at(store, archiver)
            return bool(found and not found.problem and found.archived_until and found.archived_until >= moment)

        assert wait_until(arrived, 20), (dies, Archive.of(store).problem)
        archive = Archive.of(store)
        assert archive.position["kept"] == newest
        position = archive.position
    note_down(store, 7)
    moment, position = archiver.seal(place, position)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipping.Way, "start", lambda *_: None)
        position = archiver.look(place, vault, position, timezone.now()).position
    shutil.rmtree(here)  # and with it a file that the bucket does not have
    Archive.objects.filter(store=store).update(position=position)
    note_down(store, 8)
    assert seal(store).problem == ""


def refuses_and_is_away(store: DataStore, object_store: ObjectStore, settings: LazySettings) -> None:
    """The page says why; the server goes on; nothing but one batch waits here; all of it arrives afterwards."""
    settings.ARCHIVE_BUCKET = object_store.with_secret(WRONG)
    restart_node(machine(), store.nodes.get())
    assert problem(store, "refuses its login").startswith("The archive does not take the log.")
    log = machine().home.archive / Archive.of(store).name / "log"
    waiting = sorted(log.iterdir())
    settings.ARCHIVE_BUCKET = object_store.bucket
    object_store.stop()
    restart_node(machine(), store.nodes.get())
    problem(store, "can't be reached")
    assert sorted(log.iterdir()) == waiting
    object_store.start()
    seal(store)
    written = [path.read_bytes() for path in machine().home.log.rglob("*") if path.is_file()]
    assert not any(word.encode() in text for text in written for word in (SECRET, WRONG))
