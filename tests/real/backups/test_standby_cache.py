"""With a standby, a cache's backup is copied from it, also after it has changed places with the primary; its own files are
proved, and every second is restored from the primary's log."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Backup, DataStore, Node, Operation
from datastores.sites.local.archive.contract import Stored
from datastores.sites.local.cache.archive import sparing
from datastores.sites.local.cache.archive.archiver import CacheArchiver
from datastores.sites.local.cache.archive.shipping import repository_of
from datastores.sites.local.cache.archive.units import Unit, units
from datastores.sites.local.cache.sessions import session
from datastores.sites.local.engine import Place
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from host.jobs import Command
from host.waiting import wait_until
from tests.availability import Maker, Monitor, fresh, primary, wait_whole
from tests.local_site import settle
from tests.real.backups.test_cache import client, delete_from, keys, next_second
from tests.real.backups.test_damage import corrupt
from tests.real.backups.test_postgresql import done

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


class Packs:
    """The archive's files of data that each backup alone has added, before any log of after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, home: Machine) -> None:
        self.home, self.before, self.added = home, set[Path](), set[Path]()
        back_up, catalogue = CacheArchiver.back_up, CacheArchiver.catalogue

        def beginning(archiver: CacheArchiver, place: Place) -> Command:
            self.before = self.there()
            return back_up(archiver, place)

        def ended(archiver: CacheArchiver, place: Place) -> list[Stored]:
            self.added = self.there() - self.before
            return catalogue(archiver, place)

        monkeypatch.setattr(CacheArchiver, "back_up", beginning)
        monkeypatch.setattr(CacheArchiver, "catalogue", ended)

    def there(self) -> set[Path]:
        return set(self.home.home.archive.glob("*/data/*/*"))


def standby_of(store: DataStore, site: Machine) -> Place:
    return place_of(store.nodes.get(role=Node.Role.STANDBY), site.home)


def backed_up(store: DataStore, actor: Actor, site: Machine) -> Unit:
    """Back up, and return how the archive itself describes the copy."""
    done(actions.back_up(actor=actor, store=fresh(store)))
    place = place_of(primary(store), site.home)
    assert not sparing.copies(place).exists(), "the links go with the copying"
    return [unit for unit in units(repository_of(place).snapshots()) if unit.is_backup][-1]


def rewrite(store: DataStore, site: Machine) -> None:
    """Have the primary begin its files anew, so that no file of a standby's has the same content."""
    with session(place_of(primary(store), site.home)) as platform:
        platform.ask("BGREWRITEAOF")
        assert wait_until(lambda: not int(platform.ask("INFO", "persistence")["aof_rewrite_in_progress"]), 10)


@contextmanager
def writing(store: DataStore) -> Iterator[dict[int, float]]:
    """Write one key after the other meanwhile; yields when each was acknowledged."""
    acknowledged: dict[int, float] = {}
    ended = threading.Event()

    def write() -> None:
        for number in itertools.takewhile(lambda _: not ended.is_set(), itertools.count()):
            cache.set(f"written:{number}", number)
            acknowledged[number] = time.time()

    with client(store) as cache:
        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield acknowledged
        finally:
            ended.set()
            thread.join(30)


def test_a_standby_is_copied_from_and_its_own_files_are_proved(
    make: Maker, actor: Actor, admin: Member, site: Machine, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = Packs(monkeypatch, site)
    store = make("cache", "business-4")
    wait_whole(store)
    with client(store) as cache:
        cache.mset({f"key:{number}": number for number in range(1000)})
    first, standby = backed_up(store, actor, site), standby_of(store, site)
    assert first.reach.source == standby.name
    next_second()
    before = timezone.now()
    next_second()
    rewrite(store, site)
    delete_from(store, 600)
    assert backed_up(store, actor, site).reach.source == standby.name
    assert "1 database, 600 keys checked" in done(actions.prove(actor=actor, store=fresh(store))).sentence
    the_proof_finds_harm_to_the_backup_alone(store, actor, site, packs)

    done(actions.switch_over(actor=actor, store=fresh(store)))
    wait_whole(store)
    assert place_of(primary(store), site.home) == standby
    with writing(store) as acknowledged:
        third = backed_up(store, actor, site)
    assert third.reach.source == standby_of(store, site).name
    site.supervisor.stop(third.reach.source)
    delete_from(store, 100)
    assert backed_up(store, actor, site).reach.source == "", "without a standby the primary is copied"
    total = 100 + len(acknowledged)
    assert f"1 database, {total:,} keys checked" in done(actions.prove(actor=actor, store=fresh(store))).sentence

    def restored(wish: Wish, name: str) -> DataStore:
        made = actions.restore_to_new_store(actor=actor, member=admin, source=fresh(store), name=name, wish=wish)
        done(made.operations.get())
        return made

    assert keys(restored(Wish(moment=before), "before")) == 1000, "cut from the primary's own log"
    due = [f"written:{number}" for number, at in acknowledged.items() if at < third.reach.until.timestamp()]
    with client(restored(Wish(backup=third.snapshot.label), "third")) as cache:
        assert due
        assert cache.exists(*due) == len(due), "everything that was acknowledged before the mark"
        assert cache.exists(*(f"key:{number}" for number in range(1000))) == 600


def the_proof_finds_harm_to_the_backup_alone(store: DataStore, actor: Actor, site: Machine, packs: Packs) -> None:
    whole = {pack: pack.read_bytes() for pack in packs.added}
    for pack in whole:
        pack.chmod(0o600)
        corrupt(pack)
    ended = settle(actions.prove(actor=actor, store=fresh(store)))
    assert ended.state == Operation.State.FAILED
    assert "The backup's own files can't be restored, only newer ones. A file of the archive is" in ended.sentence
    assert not list(site.home.scratch.iterdir())
    for pack, content in whole.items():
        pack.write_bytes(content)
    Backup.objects.update(state=Backup.State.COMPLETE)
