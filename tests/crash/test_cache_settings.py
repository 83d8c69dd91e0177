"""New cache settings for a running cache: live, kept over a restart and a power cycle, and safe against a dying worker."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from console.audit import Actor
from console.models import Member
from datastores import actions
from datastores.models import DataStore, Operation, Region, ServicePlan
from datastores.operations import runner
from datastores.sites.local.machine import Machine, machine
from datastores.sites.local.places import place_of
from host.waiting import wait_until
from tests.crash.test_crash_ring import Killed, kill_after
from tests.local_site import settle

pytestmark = [pytest.mark.crash, pytest.mark.real, pytest.mark.django_db]
CHOSEN = {"lua": False, "eviction": "allkeys-lru", "min_replicas": 0}


@pytest.fixture
def cache(actor: Actor, admin: Member, region: Region, plan: ServicePlan, local_site: Machine) -> DataStore:
    """A Hobbyist cache that was made as the page makes it."""
    store = actions.create_store(actor=actor, member=admin, engine="cache", name="sessions", region=region, plan=plan)
    done = settle(store.operations.get())
    assert done.state == Operation.State.DONE, done.sentence
    return again(store)


def again(store: DataStore) -> DataStore:
    return DataStore.objects.select_related("slot", "plan", "region__site", "organization").get(pk=store.pk)


def connect(store: DataStore) -> redis.Redis:
    return redis.Redis(
        host=settings.EDGE_HOST,
        port=store.slot.port,
        username=store.admin_user,
        password=store.admin_password,
        ssl=True,
        ssl_ca_certs=str(machine().ca_file),
        decode_responses=True,
    )


def follows(store: DataStore) -> bool:
    """Say whether a client meets the chosen settings now."""
    try:
        with connect(store) as client:
            if client.info("memory")["maxmemory_policy"] != "allkeys-lru":
                return False
            client.eval("return 1", 0)
    except redis.exceptions.NoPermissionError:
        return True
    except redis.ConnectionError:
        return False
    return False


@pytest.mark.parametrize("dies", [False, True])
def test_the_server_follows_and_keeps_to_it(
    cache: DataStore, actor: Actor, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    with connect(cache) as client:
        assert client.eval("return 1", 0) == 1
        operation = actions.change_settings(actor=actor, store=cache, chosen=CHOSEN)
        assert operation
        if dies:
            deaths = kill_after(monkeypatch, "apply")
            with pytest.raises(Killed):
                runner.run(operation.pk)
            assert deaths == ["apply"]
            assert again(cache).settings == {}
            Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert settle(operation).state == Operation.State.DONE, operation.sentence
        assert client.ping(), "a client that was connected stays connected"
    assert again(cache).settings == CHOSEN
    assert follows(cache)
    place = place_of(cache.nodes.get(), machine().home)
    program = machine().supervisor.program(place.name)
    assert program is not None
    program.send(signal.SIGKILL)
    assert wait_until(lambda: follows(cache), 15), "the next start reads the same settings"


def test_a_cache_that_is_off_starts_with_them(cache: DataStore, actor: Actor) -> None:
    settle(actions.power_off(actor=actor, store=cache))
    assert actions.change_settings(actor=actor, store=again(cache), chosen=CHOSEN) is None
    settle(actions.power_on(actor=actor, store=again(cache)))
    assert follows(again(cache))
