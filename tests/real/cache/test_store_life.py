"""A cache's life on this machine, from Create to deleted: through the real site, and real clients at its address."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.engines import registry
from datastores.engines.cache import Cache
from datastores.models import DataStore, Operation, Region, ServicePlan
from datastores.sites.local import engines
from datastores.sites.local.cache import LocalCache
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from host.waiting import wait_until
from tests.local_site import settle

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
def running(
    actor: Actor,
    admin: Member,
    region: Region,
    plan: ServicePlan,
    local_site: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> DataStore:
    """A Hobbyist cache that was made as the page makes it."""
    monkeypatch.setitem(registry.ENGINES, Cache.slug, Cache())
    monkeypatch.setitem(engines.LOCAL_ENGINES, Cache.slug, LocalCache())
    store = actions.create_store(actor=actor, member=admin, engine="cache", name="sessions", region=region, plan=plan)
    done = settle(store.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return _again(store)


def test_create_ends_with_a_cache_that_a_client_can_use(running: DataStore) -> None:
    assert running.state == DataStore.State.RUNNING
    assert running.evidence.startswith("Logged in over TLS 1.3 in ")
    with connect(running) as client:
        assert client.set("key", "value")
        assert client.info("clients")["maxclients"] == 10_000
    with pytest.raises(redis.AuthenticationError):
        connect(running, password="wrong")


def test_power_off_and_on_keep_data_and_address(running: DataStore, actor: Actor) -> None:
    with connect(running) as client:
        client.set("key", "kept")
    settle(actions.power_off(actor=actor, store=running))
    with pytest.raises(redis.ConnectionError):
        connect(running)
    settle(actions.power_on(actor=actor, store=_again(running)))
    with connect(running) as client:
        assert client.get("key") == b"kept"


def test_a_new_super_admin_password_replaces_the_old_one(running: DataStore, actor: Actor) -> None:
    old = running.admin_password
    assert settle(actions.reset_password(actor=actor, store=running)).state == Operation.State.DONE
    renewed = _again(running)
    assert renewed.admin_password != old
    connect(renewed).close()
    with pytest.raises(redis.AuthenticationError):
        connect(renewed, password=old)


def test_a_killed_server_is_back_with_its_data(running: DataStore, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    with connect(running) as client:
        client.set("key", "kept")
    program = local_site.supervisor.program(place.name)
    assert program is not None
    assert LocalCache().process_id(place) == program.pid
    program.send(signal.SIGKILL)
    assert wait_until(_answers(running), 10)
    with connect(running) as client:
        assert client.get("key") == b"kept"


def test_delete_leaves_nothing(running: DataStore, actor: Actor, local_site: Machine) -> None:
    place = place_of(running.nodes.get(), local_site.home)
    done = settle(actions.delete_store(actor=actor, store=running, typed_name=running.name))
    assert done.state == Operation.State.DONE, done.sentence
    assert not place.directory.exists()
    assert not place.sockets.exists()
    assert place.name not in local_site.supervisor.names()
    with pytest.raises(redis.ConnectionError):
        connect(running)


def connect(store: DataStore, **changes: str) -> redis.Redis:
    """Connect as a client does: stable address, TLS, full verification."""
    return redis.Redis(
        host=settings.EDGE_HOST,
        port=store.slot.port,
        username=store.admin_user,
        ssl=True,
        password=changes.get("password", store.admin_password),
        ssl_ca_certs=str(machine().ca_file),
        ssl_check_hostname=True,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=True,
    )


def _answers(store: DataStore) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            with connect(store) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    return answers


def _again(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site").get(pk=store.pk)
