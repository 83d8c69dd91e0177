"""With a standby, a MySQL's backup is cloned from it, and everything can be restored from that as from a primary's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.models import Backup, DataStore, Node
from datastores.sites.local.machine import Machine
from datastores.sites.local.mysql.archive import replaying
from datastores.sites.local.mysql.archive.archiver import MySQLArchiver
from datastores.sites.local.mysql.archive.cloning import KIND, OTHER_PRIMARY, clone_directory
from datastores.sites.local.mysql.archive.keeping import repository_of
from datastores.sites.local.mysql.logins import Administration, administration
from datastores.sites.local.places import place_of
from host.jobs import Job, JobState
from host.waiting import wait_until
from tests.availability import Maker, Monitor, fresh, primary, wait_whole
from tests.real.backups.test_mysql import count, events, login, rows, run
from tests.real.backups.test_postgresql import done, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@contextmanager
def writing(store: DataStore) -> Iterator[list[int]]:
    """Have a client write one number after the other; those that it was told are committed."""
    told: list[int] = []
    over = threading.Event()

    def write() -> None:
        with login(store, store.slot.port) as client, client.cursor() as cursor:
            while not over.is_set():
                cursor.execute("INSERT INTO numbers VALUES (%s)", (len(told) + 1,))
                told.append(len(told) + 1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join(20)


def copied_from(store: DataStore, site: Machine) -> str:
    """Return the name of the node that the newest backup says it was cloned from."""
    return repository_of(place_of(primary(store), site.home)).snapshots(kind=KIND)[-1].tags["from"]


def name_of(store: DataStore, role: Node.Role, site: Machine) -> str:
    return place_of(store.nodes.get(role=role), site.home).name


def numbers(store: DataStore) -> list[int]:
    return [int(row[0]) for row in run(store, "SELECT id FROM numbers ORDER BY id")]


def the_clone_of_a_standby_that_has_more_is_not_kept(store: DataStore, site: Machine, directory: Path) -> None:
    place, standby = (
        place_of(store.nodes.get(role=role), site.home) for role in (Node.Role.PRIMARY, Node.Role.STANDBY)
    )
    archiver, kept = MySQLArchiver(), repository_of(place).snapshots()
    archiver.read_from(place, [standby])
    command, job = archiver.back_up(place), Job(directory)
    with administration(standby) as session:
        session.execute("SET GLOBAL super_read_only = OFF")
        session.execute("CREATE DATABASE ghost")
    job.start(command)
    assert wait_until(lambda: job.state() is not JobState.RUNNING, 30)
    assert (job.code, archiver.meaning(job.last_words())) == (1, OTHER_PRIMARY)
    assert repository_of(place).snapshots() == kept
    assert not clone_directory(standby).exists()


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the server that replays a log die just before it begins, once; the statement that it did not get."""
    died: list[str] = []
    execute = Administration.execute

    def executed(session: Administration, statement: str) -> list[tuple[object, ...]]:
        if statement == replaying.BEGIN and not died:
            died.append(statement)
            execute(session, "SHUTDOWN")
            raise OSError
        return execute(session, statement)

    monkeypatch.setattr(Administration, "execute", executed)
    return died


def test_a_standby_is_cloned_and_brings_back_any_second(
    make: Maker, actor: Actor, admin: Member, site: Machine, monitor: Monitor, dying: list[str], tmp_path: Path
) -> None:
    store = make("mysql", "business-4")
    wait_whole(store)
    run(store, "CREATE TABLE notes (id int PRIMARY KEY, text text)", rows(1, 1000))
    run(store, "CREATE TABLE numbers (id int PRIMARY KEY)")
    for name in ("stays", "goes", "sleeps"):
        run(store, f"CREATE EVENT {name} ON SCHEDULE EVERY 1 DAY DO SELECT 1")
    run(store, "ALTER EVENT sleeps DISABLE")
    with writing(store) as told:
        done(actions.back_up(actor=actor, store=fresh(store)))
        backup = Backup.objects.get()
        assert copied_from(store, site) == name_of(store, Node.Role.STANDBY, site)
    dying.append("not this time")
    assert "2 tables" in done(actions.prove(actor=actor, store=fresh(store))).sentence
    run(store, "ALTER EVENT goes DISABLE")
    before = timezone.now()
    run(store, "DELETE FROM notes WHERE id > 10")
    seal(store)

    def restored(name: str, wish: Wish) -> DataStore:
        made = actions.restore_to_new_store(actor=actor, member=admin, source=fresh(store), name=name, wish=wish)
        done(made.operations.get())
        with administration(place_of(made.nodes.get(role=Node.Role.PRIMARY), site.home)) as session:
            assert session.row("SHOW REPLICA STATUS") == {}
        return made

    then = restored("then", Wish(backup=backup.label))
    dying.clear()
    now = restored("now", Wish())
    assert dying == [replaying.BEGIN]
    assert [count(each) for each in (then, restored("before", Wish(moment=before)), now)] == [1000, 1000, 10]
    assert events(then) == {"stays": "ENABLED", "goes": "ENABLED", "sleeps": "DISABLED"}
    assert events(now) == {"stays": "ENABLED", "goes": "DISABLED", "sleeps": "DISABLED"}
    assert numbers(now) == told
    assert numbers(then) == told[: len(numbers(then))]
    monitor.stop()  # it would mend the standby, which takes longer than all of this
    the_clone_of_a_standby_that_has_more_is_not_kept(store, site, tmp_path / "job")


def test_the_next_standby_is_cloned_after_a_switchover_and_the_primary_where_none_can_be(
    make: Maker, actor: Actor, site: Machine, monitor: Monitor
) -> None:
    store = make("mysql", "business-4")
    wait_whole(store)
    run(store, "CREATE TABLE notes (id int PRIMARY KEY, text text)", rows(1, 1000))
    done(actions.back_up(actor=actor, store=fresh(store)))
    first = copied_from(store, site)
    done(actions.switch_over(actor=actor, store=fresh(store)))
    wait_whole(store)
    assert name_of(store, Node.Role.PRIMARY, site) == first
    leftover = (
        clone_directory(place_of(store.nodes.get(role=Node.Role.STANDBY), site.home)) / "of a job that was killed"
    )
    leftover.mkdir(parents=True)
    done(actions.back_up(actor=actor, store=fresh(store)))
    assert copied_from(store, site) == name_of(store, Node.Role.STANDBY, site) != first
    assert not leftover.parent.exists()
    assert "1 table, 1,000 rows checked" in done(actions.prove(actor=actor, store=fresh(store))).sentence

    monitor.stop()  # it would go on without the standby, and replace it
    site.supervisor.stop(name_of(store, Node.Role.STANDBY, site))
    ended = done(actions.back_up(actor=actor, store=fresh(store)))
    assert "could not be marked" in ended.sentence, "writes wait for the standby"
    assert copied_from(store, site) == first
