"""Each kind of file in a cache's archive, corrupted, cut off or removed: what finds it, and that a gap is never hidden."""

from __future__ import annotations

import itertools
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import Archive, Backup, DataStore, Operation, Proof, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.watching import look_at
from datastores.sites.local.cache.archive.generations import HELD, WORK
from datastores.sites.local.cache.archive.shipping import log_job, repository_of
from datastores.sites.local.cache.sessions import FullError, session
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from host.processes import processes_below
from host.waiting import wait_until
from tests.local_site import settle
from tests.real.backups.test_cache import client, keys, next_second, rewrite
from tests.real.backups.test_damage import HARM
from tests.real.backups.test_postgresql import done, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]
FILES = {"pack": "data/*/*", "index": "index/*", "snapshot": "snapshots/*", "key": "keys/*", "description": "config"}
# All fifteen pairs were found when this was written; these are enough to keep it so.
HARMED = [("pack", "corrupt"), ("pack", "remove"), ("index", "remove"), ("snapshot", "cut"), ("key", "corrupt")]


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine) -> DataStore:
    """A cache with a backup."""
    made = actions.create_store(actor=actor, member=admin, engine="cache", name="sessions", region=region, plan=plan)
    done(made.operations.get())
    with client(made) as cache:
        cache.mset({f"key:{number}": number for number in range(1000)})
    done(actions.back_up(actor=actor, store=fresh(made)))
    return fresh(made)


def test_the_proof_finds_every_harm(store: DataStore, actor: Actor, local_site: Machine, tmp_path: Path) -> None:
    directory = local_site.home.archive / Archive.of(store).name
    whole = tmp_path / "whole"
    shutil.copytree(directory, whole)
    backup = Backup.objects.get()
    harmed = itertools.product(FILES, HARM) if os.environ.get("HEADWATER_EVERY_HARM") else HARMED
    for file, name in harmed:
        for path in sorted(directory.glob(FILES[file])):
            path.chmod(0o600)
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
    done(actions.prove(actor=actor, store=store))


def test_log_that_was_lost_and_keys_that_are_missing_are_found(
    store: DataStore, actor: Actor, local_site: Machine
) -> None:
    backup = Backup.objects.get()
    backup.manifest["keys"]["0"] += 100
    backup.save()
    ended = settle(actions.prove(actor=actor, store=store))
    assert "a database has 1,000 keys instead of" in ended.sentence
    assert not processes_below(local_site.home.scratch), "the copy's server ends with a proof that fails"
    Backup.objects.update(state=Backup.State.COMPLETE)
    directory = local_site.home.archive / Archive.of(store).name / "snapshots"
    before = set(directory.iterdir())
    next_second()
    with client(store) as cache:
        cache.set("later", 1)
    seal(store)
    for path in set(directory.iterdir()) - before:
        path.unlink()
    ended = settle(actions.prove(actor=actor, store=store))
    assert ended.state == Operation.State.FAILED
    assert "The log could be replayed up to" in ended.sentence


def test_log_that_can_never_arrive_ends_the_window(store: DataStore, local_site: Machine) -> None:
    """The server began its files anew twice while the archive took nothing."""
    archiver, archive = archiver_of(store), Archive.of(store)
    assert archiver
    place = place_of(store.nodes.get(), local_site.home)
    directory = local_site.home.archive / archive.name
    away = directory.with_name("away")
    directory.rename(away)
    for number in range(3):
        next_second()
        with client(store) as cache:
            cache.set(f"later:{number}", number)
        rewrite(store, local_site)
        archiver.seal(place, archive.position)
    held = sorted((place.directory / WORK / HELD).iterdir())
    assert len(held) <= 2, "a broken archive costs the disk one generation"
    next_second()
    rewrite(store, local_site)
    next_second()
    rewrite(store, local_site)
    away.rename(directory)
    Archive.objects.filter(pk=archive.pk).update(position={**archive.position, "due": True})

    def told() -> bool:
        found = look_at(store, archiver)
        assert found
        Archive.objects.filter(pk=archive.pk).update(position={**found.position, "due": True})
        return found.unbroken_since is not None

    assert wait_until(told, 30)
    archive.refresh_from_db()
    assert archive.next_backup_at == archive.unbroken_since
    assert keys(store) == 1003

    log_job(place).forget()
    repository = repository_of(place)
    repository.answer(repository.forget(*(each.id for each in repository.snapshots(kind="log"))))
    Archive.objects.filter(pk=archive.pk).update(position={"due": True}, unbroken_since=None)
    assert wait_until(told, 30), "nor is a gap between the first backup and the first log hidden"


def test_a_cache_whose_every_place_is_taken_is_archived_all_the_same(store: DataStore, local_site: Machine) -> None:
    archiver, place = archiver_of(store), place_of(store.nodes.get(), local_site.home)
    assert archiver
    with client(store) as cache, session(place) as platform:
        cache.set("later", 1)
        platform.ask("CONFIG", "SET", "maxclients", "2")
        began = datetime.now(UTC)
        Archive.objects.update(position={**Archive.of(store).position, "due": True})
        with pytest.raises(FullError), session(place):
            pass

        def arrived() -> bool:
            found = look_at(store, archiver)
            Archive.objects.update(position={**Archive.of(store).position, "due": True})
            return bool(found and found.archived_until and found.archived_until >= began.replace(microsecond=0))

        assert wait_until(arrived, 30)
        assert Archive.of(store).problem == ""
