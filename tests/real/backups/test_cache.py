"""A cache's archive from outside: backed up, proved, restored to any second, and nothing to be read without the key."""

from __future__ import annotations

import os
import shutil
import time

import pytest
import redis
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.actions import Wish
from datastores.logins import Rights
from datastores.models import Archive, Backup, DataStore, Node, Proof, Region, ServicePlan
from datastores.sites.local.archive.archivers import archiver_of
from datastores.sites.local.archive.loss import lost_stores, replace_lost
from datastores.sites.local.archive.watching import look_at
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.cache.sessions import session
from datastores.sites.local.machine import Machine
from datastores.sites.local.places import place_of
from datastores.sites.tenants import NewLogin
from host.waiting import wait_until
from tests.real.backups.test_postgresql import SECRET, done, everything_below, fresh, seal

pytestmark = [pytest.mark.real, pytest.mark.django_db]
LOGIN, PASSWORD = "app", "the-password-of-an-application"


@pytest.fixture
def store(actor: Actor, admin: Member, region: Region, local_site: Machine) -> DataStore:
    """A Startup cache that was made as the page makes it, with a thousand keys and a login of its tenant's."""
    plan = ServicePlan.objects.get(slug="startup-4")
    made = actions.create_store(actor=actor, member=admin, engine="cache", name="sessions", region=region, plan=plan)
    done(made.operations.get())
    made = fresh(made)
    with client(made) as cache:
        cache.mset({f"key:{number}": f"{SECRET}-{number}" for number in range(1000)})
    login = NewLogin(LOGIN, PASSWORD, "0", Rights.READ_WRITE, "")
    LocalCache().create_login(place_of(made.nodes.get(), local_site.home), login)
    return made


def client(store: DataStore, user: str = "", password: str = "") -> redis.Redis:
    store = fresh(store)
    return redis.Redis(
        host="127.0.0.1",
        port=store.slot.port,
        username=user or store.admin_user,
        password=password or store.admin_password,
        ssl=True,
        ssl_cert_reqs="none",
        decode_responses=True,
    )


def keys(store: DataStore) -> int:
    with client(store) as cache:
        return int(cache.dbsize())


def delete_from(store: DataStore, first: int) -> None:
    with client(store) as cache:
        cache.delete(*(f"key:{number}" for number in range(first, 1000)))


def rewrite(store: DataStore, home: Machine) -> None:
    """Have the server begin its files anew, as it does when the log has grown as large as the data."""
    with session(place_of(store.nodes.get(), home.home)) as platform:
        platform.ask("BGREWRITEAOF")
        assert wait_until(lambda: not int(platform.ask("INFO", "persistence")["aof_rewrite_in_progress"]), 10)


def next_second() -> None:
    """Let a second pass: a moment is a whole one."""
    now = int(time.time())
    assert wait_until(lambda: int(time.time()) > now, 2)


def test_a_backup_is_proved_and_brings_back_any_second(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine
) -> None:
    done(actions.back_up(actor=actor, store=store))
    backup = Backup.objects.get()
    assert backup.manifest["keys"] == {"0": 1000}
    proof = done(actions.prove(actor=actor, store=store))
    assert "1 database, 1,000 keys checked" in proof.sentence
    assert Proof.objects.get().state == Proof.State.PASSED
    assert not list(local_site.home.scratch.iterdir())
    assert keys(store) == 1000, "the platform keeps no key of its own in a cache"

    next_second()
    before = timezone.now()
    next_second()
    delete_from(store, 500)
    rewrite(store, local_site)
    next_second()
    between = timezone.now()
    next_second()
    delete_from(store, 10)
    archive = seal(store)
    assert archive.archived_until
    assert archive.archived_until > between

    wishes = {"before": Wish(moment=before), "between": Wish(moment=between), "now": Wish()}
    wishes["then"] = Wish(backup=backup.label)
    restored = {
        name: actions.restore_to_new_store(actor=actor, member=admin, source=store, name=f"sessions {name}", wish=wish)
        for name, wish in wishes.items()
    }
    for each in restored.values():
        done(each.operations.get())
    assert {name: keys(each) for name, each in restored.items()} == {
        "before": 1000,
        "between": 500,
        "now": 10,
        "then": 1000,
    }
    assert keys(store) == 10
    with client(restored["before"], LOGIN, PASSWORD) as cache:
        assert cache.get("key:999") == f"{SECRET}-999", "the tenant's logins come along"
    assert fresh(restored["before"]).admin_password != store.admin_password
    done(actions.back_up(actor=actor, store=fresh(restored["between"])))

    revealing = [
        SECRET.encode(),
        store.admin_password.encode(),
        archive.key.encode(),
        b"key:",
        PASSWORD.encode(),
        b"hwadmin",
    ]
    for content in everything_below(local_site.home.archive):
        assert not any(word in content for word in revealing)


def test_a_lost_node_comes_back_under_the_same_address_and_a_deleted_store_too(
    store: DataStore, actor: Actor, admin: Member, local_site: Machine
) -> None:
    done(actions.back_up(actor=actor, store=store))
    delete_from(store, 700)
    seal(store)
    delete_from(store, 400)  # not in the archive
    place = place_of(store.nodes.get(), local_site.home)
    local_site.supervisor.kill(place.name)
    os.truncate(next((place.data / "appendonlydir").glob("*.base.rdb")), 20)
    store.set_state(DataStore.State.UNREACHABLE)
    restored = done(actions.restore_node(actor=actor, store=store, typed_name="sessions"))
    assert "the log that was left on the lost node" in restored.sentence
    assert keys(store) == 400
    assert fresh(store).slot.port == store.slot.port
    done(actions.back_up(actor=actor, store=fresh(store)))
    seal(store)
    delete_from(store, 100)

    node = store.nodes.get()
    shutil.rmtree(place_of(node, local_site.home).data)
    assert [found.pk for found in lost_stores(local_site)] == [store.pk]
    replace_lost(local_site)
    restored = done(store.operations.get(kind="restore_node", state="waiting"))
    assert "is lost" in restored.sentence
    assert keys(store) == 400
    with client(store, LOGIN, PASSWORD) as cache:
        assert cache.get("key:1") == f"{SECRET}-1", "every login is there again"
    assert store.nodes.get().number == node.number + 1

    before = fresh(store)
    done(actions.back_up(actor=actor, store=before))
    delete_from(before, 350)
    done(actions.delete_store(actor=actor, store=before, typed_name="sessions"))
    back = actions.restore_deleted(actor=actor, member=admin, store=actions.deleted_stores(admin).get())
    done(back.operations.get())
    assert (keys(back), fresh(back).slot.port) == (350, before.slot.port), "what was written last is there, too"
    assert fresh(back).admin_password == before.admin_password
    with client(back, LOGIN, PASSWORD) as cache:
        assert cache.get("key:1") == f"{SECRET}-1"


def test_the_window_goes_on_when_another_node_becomes_the_primary(
    actor: Actor, admin: Member, region: Region, local_site: Machine
) -> None:
    plan = ServicePlan.objects.get(slug="business-4")
    store = actions.create_store(actor=actor, member=admin, engine="cache", name="carts", region=region, plan=plan)
    done(store.operations.get())
    with client(store) as cache:
        cache.mset({f"key:{number}": number for number in range(1000)})
    done(actions.back_up(actor=actor, store=fresh(store)))
    next_second()
    before = timezone.now()
    next_second()
    delete_from(store, 600)
    archive = Archive.of(store)
    done(actions.switch_over(actor=actor, store=fresh(store)))
    delete_from(store, 300)
    primary = place_of(store.nodes.get(role=Node.Role.PRIMARY), local_site.home)
    archiver = archiver_of(store)
    assert archiver

    def arrived() -> bool:
        archive = look_at(store, archiver)
        assert archive
        assert not archive.problem
        return bool(archive.archived_until and archive.archived_until > switched)

    switched = timezone.now()
    next_second()
    next_second()
    Archive.objects.filter(pk=archive.pk).update(position={**Archive.of(store).position, "due": True})
    assert wait_until(arrived, 20)
    assert Archive.of(store).position["era"].startswith(primary.name)
    assert Archive.of(store).unbroken_since is None, "the standby's own files reach back far enough"
    wishes = (Wish(moment=before), Wish())
    restored = [
        actions.restore_to_new_store(actor=actor, member=admin, source=store, name=f"carts {number}", wish=wish)
        for number, wish in enumerate(wishes)
    ]
    for each in restored:
        done(each.operations.get())
    assert [keys(each) for each in restored] == [1000, 300]
