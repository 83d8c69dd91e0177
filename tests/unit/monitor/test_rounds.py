"""Which rounds the monitor makes: a whole one after anything has happened, otherwise a look at the servers."""

from __future__ import annotations

import contextlib

import pytest
from django.db import Error, connection

from datastores.models import DataStore, MonitorLease, Node, ServicePlan
from datastores.sites.local.monitor import care, watcher
from datastores.sites.local.monitor.watcher import Watcher


class Rounds:
    """The monitor, with servers that say ``rests``; counts the rounds of each kind."""

    def __init__(self) -> None:
        self.watcher = Watcher()
        self.rests = True
        self.looks = self.whole = 0

    def look(self, _said: object) -> bool:
        self.looks += 1
        return self.rests

    def look_after(self, _store: DataStore) -> None:
        self.whole += 1

    def care(self, store: DataStore) -> tuple[int, int]:
        """Make one; return how many looks and whole rounds it took."""
        looks, whole = self.looks, self.whole
        self.watcher._care(store.pk)
        return self.looks - looks, self.whole - whole


@pytest.fixture
def rounds(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    """Rounds over a store that the monitor has just read, without its threads."""
    store.plan = ServicePlan.objects.get(slug="business-4")
    store.save(update_fields=["plan"])
    store.set_state(DataStore.State.RUNNING)
    Node.make_another(store)
    made = Rounds()
    monkeypatch.setattr(made.watcher, "_submit", lambda *_: None)
    monkeypatch.setattr(watcher, "is_at_rest", made.look)
    monkeypatch.setattr(care, "look_after", made.look_after)
    assert made.watcher.tend()
    return made


@pytest.mark.django_db
def test_a_store_at_rest_is_only_asked(rounds: Rounds, store: DataStore) -> None:
    assert rounds.care(store) == (0, 1)
    assert [rounds.care(store) for _ in range(3)] == [(1, 0)] * 3


@pytest.mark.django_db
def test_what_differs_is_looked_after_in_the_same_round(rounds: Rounds, store: DataStore) -> None:
    rounds.care(store)
    rounds.rests = False
    assert rounds.care(store) == (1, 1)


@pytest.mark.django_db
def test_after_something_has_happened_the_rows_are_read_anew(rounds: Rounds, store: DataStore) -> None:
    rounds.care(store)
    rounds.watcher._soon(store.pk)
    assert rounds.care(store) == (0, 1)
    assert rounds.care(store) == (1, 0)


@pytest.mark.django_db
def test_what_happens_during_a_whole_round_asks_for_another(
    rounds: Rounds, store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "look_after", lambda found: rounds.watcher._soon(found.pk))
    rounds.care(store)
    monkeypatch.setattr(care, "look_after", rounds.look_after)
    assert rounds.care(store) == (0, 1)


@pytest.mark.django_db
def test_now_and_then_a_store_at_rest_gets_a_whole_round(
    rounds: Rounds, store: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "WHOLE_SECONDS", 0.0)
    assert [rounds.care(store) for _ in range(2)] == [(0, 1)] * 2


@pytest.mark.django_db
def test_a_store_that_is_gone_is_forgotten(rounds: Rounds, store: DataStore) -> None:
    rounds.care(store)
    store.set_state(DataStore.State.DELETED)
    assert rounds.watcher.tend()
    assert rounds.watcher._whole_at == {}


@pytest.mark.django_db
def test_a_second_that_brings_nothing_is_four_queries(rounds: Rounds, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(4):
        assert rounds.watcher.tend()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_connection_that_broke_is_made_anew() -> None:
    monitor = Watcher()
    assert monitor.tend()
    connection.connection.close()
    with contextlib.suppress(Error):
        monitor.tend()
    assert monitor.tend()
    assert MonitorLease.objects.exists()
