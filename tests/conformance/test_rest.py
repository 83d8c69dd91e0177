"""A store at rest costs the monitor a look at its servers; whatever is no longer so is noticed as soon as by a whole round."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from datastores.models import DataStore, Node
from datastores.sites.local.engines import replicating_engine
from datastores.sites.local.machine import Machine
from datastores.sites.local.monitor import care, watcher
from datastores.sites.local.monitor.rest import SAVED_EVERY, is_at_rest
from datastores.sites.local.monitor.said import said_of_stores
from datastores.sites.local.places import place_of
from host.waiting import wait_until
from tests.availability import Maker, Monitor, fresh, wait_whole, watching, writing

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
WRITTEN_ROWS = 20
NOBODY = 1  # a port at which nobody listens
NOTICED_SECONDS = watcher.CARE_SECONDS + 2.5  # the second between two looks at the clock, and the round itself


def rests(store: DataStore) -> bool:
    """Whether a look finds nothing to do."""
    return is_at_rest(said_of_stores()[store.pk])


def come_to_rest(store: DataStore) -> None:
    """Make whole rounds until there is nothing left to do."""

    def round_after_round() -> bool:
        care.look_after(store)
        return rests(store)

    assert wait_until(round_after_round, 30), said_of_stores()


def standby_of(store: DataStore) -> Node:
    return store.nodes.get(role=Node.Role.STANDBY)


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "cache"])
def test_a_look_writes_nothing_and_misses_nothing(  # type: ignore[no-untyped-def]
    engine: str, make: Maker, site: Machine, django_assert_num_queries
) -> None:
    store = make(engine, "business-4")
    come_to_rest(store)
    said = said_of_stores()[store.pk]
    with django_assert_num_queries(0):
        assert wait_until(lambda: is_at_rest(said), 3)  # a cache's position moves by itself: not every look agrees
    store.nodes.update(measured_at=F("measured_at") - 2 * SAVED_EVERY)
    assert wait_until(lambda: rests(store), 3)
    measured = standby_of(store).measured_at
    assert measured is not None
    assert timezone.now() - measured < timedelta(seconds=10)
    with writing(store) as client:
        assert wait_until(lambda: len(client.acknowledgements) >= WRITTEN_ROWS, 10)
        client.stop()
    come_to_rest(store)
    store.nodes.filter(role=Node.Role.STANDBY).update(lag_bytes=1)
    assert not rests(store)
    come_to_rest(store)
    site.supervisor.kill(place_of(standby_of(store), site.home).name)
    assert not rests(store)


def cut_off(node: Node, site: Machine) -> None:
    """Have a standby run on and follow nobody: where its source should be, nobody listens."""
    place = place_of(node, site.home)
    replicating_engine(node.store).follow(place, replace(place, port=NOBODY))


def is_looked_at(monitor: Monitor, store: DataStore) -> bool:
    """Whether the monitor has made its whole round and goes on with looks."""
    return store.pk in monitor.watcher._whole_at and is_at_rest(said_of_stores()[store.pk])


def test_a_standby_at_rest_that_stops_following_is_dropped_as_soon_as_ever(
    make: Maker, site: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make("postgresql", "business-4")
    with watching() as monitor:
        wait_whole(store)
        monkeypatch.setattr(watcher, "SOON_ROUNDS", 0)
        monitor.watcher._cares.pop(store.pk, None)  # what happened to it is long ago
        assert wait_until(lambda: is_looked_at(monitor, store), 20)
        cut_off(standby_of(store), site)
        began = time.monotonic()
        assert wait_until(lambda: fresh(store).guarantee_suspended_since is not None, NOTICED_SECONDS)
        assert wait_until(lambda: not standby_of(store).following, began + NOTICED_SECONDS - time.monotonic())
