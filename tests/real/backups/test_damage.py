"""Each kind of archive file, corrupted, cut off or removed: what finds it, and that nobody is told that all is well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from console.audit import Actor
from console.models import Member, Notice
from datastores import actions
from datastores.models import Archive, Backup, DataStore, Operation, Proof, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.watching import look_at
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from tests.local_site import connect, settle
from tests.real.backups.test_postgresql import done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]


def corrupt(path: Path) -> None:
    """Turn some bytes in the middle around."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(255 - byte for byte in content[middle : middle + 64])
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def remove(path: Path) -> None:
    path.unlink()


HARM: dict[str, Callable[[Path], None]] = {"corrupt": corrupt, "cut": cut, "remove": remove}
FILES = {  # kind of file -> where it is in the archive; both copies of a description are harmed, one alone is mended
    "bundle": "backup/store/2*F/bundle/1",
    "manifest": "backup/store/2*F/backup.manifest*",
    "log": "archive/store/17-1/*/*-*.zst",
    "description": "archive/store/archive.info*",
}
# All twelve pairs were found when this was written; these are enough to keep it so.
HARMED = [
    *(("bundle", name) for name in HARM),
    ("manifest", "corrupt"),
    ("log", "remove"),
    ("description", "cut"),
]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine) -> DataStore:
    """A PostgreSQL with a backup."""
    made = actions.create_store(actor=actor, member=admin, engine="postgresql", name="orders", region=region, plan=plan)
    done(made.operations.get())
    with connect(fresh(made)) as client:
        client.execute("CREATE TABLE notes AS SELECT g AS id FROM generate_series(1, 1000) g")
    done(actions.back_up(actor=actor, store=fresh(made)))
    return fresh(made)


def test_the_proof_finds_every_harm(store: DataStore, actor: Actor, local_site: Machine, tmp_path: Path) -> None:
    directory = local_site.home.archive / Archive.of(store).name
    whole = tmp_path / "whole"
    shutil.copytree(directory, whole)
    backup = Backup.objects.get()
    for file, name in HARMED:
        for path in sorted(directory.glob(FILES[file])):
            HARM[name](path)
        ended = settle(actions.prove(actor=actor, store=store))
        assert ended.state == Operation.State.FAILED, f"{name} {file}: {ended.sentence}"
        proof = Proof.objects.order_by("-pk").first()
        assert proof
        assert proof.state == Proof.State.FAILED
        backup.refresh_from_db()
        assert backup.state == Backup.State.DAMAGED
        shutil.rmtree(directory)
        shutil.copytree(whole, directory)
        Backup.objects.update(state=Backup.State.COMPLETE)
    assert not list(local_site.home.scratch.iterdir())
    assert Notice.objects.filter(kind="proof", tone="danger").exists()
    done(actions.prove(actor=actor, store=store))


def test_a_log_that_is_damaged_after_the_backup_is_found(store: DataStore, actor: Actor, local_site: Machine) -> None:
    seal(store)
    last = sorted((local_site.home.archive / Archive.of(store).name).glob("archive/store/17-1/*/*-*.zst"))[-1]
    corrupt(last)
    ended = settle(actions.prove(actor=actor, store=store))
    assert ended.state == Operation.State.FAILED
    assert "The log could be replayed up to" in ended.sentence


def test_rows_that_are_missing_in_the_copy_are_found(store: DataStore, actor: Actor) -> None:
    backup = Backup.objects.get()
    backup.manifest["defaultdb"][0][-1] += 1
    backup.save()
    with connect(store) as client:
        client.execute("SELECT pg_stat_clear_snapshot()")
    ended = settle(actions.prove(actor=actor, store=store))
    assert ended.state == Operation.State.FAILED
    assert "defaultdb: public.notes has 1,000 rows instead of 1,001" in ended.sentence


def test_a_log_that_is_gone_ends_the_window_and_a_broken_archive_never_takes_the_store_down(
    store: DataStore, actor: Actor, local_site: Machine
) -> None:
    archiver, archive = archiver_of(store), Archive.of(store)
    assert archiver
    directory = local_site.home.archive / archive.name
    away = directory.with_name("away")
    directory.rename(away)
    place = place_of(store.nodes.get(), local_site.home)
    with connect(store) as client:
        client.execute("INSERT INTO notes VALUES (0)")
    archiver.seal(place, archive.position)
    with connect(store) as client:
        client.execute("INSERT INTO notes VALUES (0)")
    away.rename(directory)
    seal(store)
    last = sorted(directory.glob("archive/store/17-1/*/*-*.zst"))[-1]
    seal(store)
    Archive.objects.filter(pk=archive.pk).update(position={**Archive.of(store).position, "seen": 1})
    last.unlink()
    found = look_at(store, archiver)
    assert found
    assert found.unbroken_since is not None
    assert found.next_backup_at == found.unbroken_since
    assert found.window(found.unbroken_since, timedelta(days=2)) is None
