"""What the local site does every few seconds: one broken store or engine is no trouble for the others."""

from __future__ import annotations

import shutil
import threading
from typing import Any

import pytest

from datastores.models import DataStore, EdgeSlot, Node
from datastores.sites.local import measuring, nodes, pool, site
from datastores.sites.local.engine import LocalEngine, ProbeFailure
from datastores.sites.local.engines import LOCAL_ENGINES, local_engine
from datastores.sites.local.machine import machine
from datastores.sites.local.places import place_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(store: DataStore) -> DataStore:
    """A second store beside the first; both should run."""
    fields = {name: getattr(store, name) for name in ("organization", "engine", "region", "plan", "admin_password")}
    second = DataStore.objects.create(name="second", **fields)
    Node.objects.create(store=second, number=1)
    DataStore.objects.update(state=DataStore.State.RUNNING)
    for number, node in enumerate(Node.objects.all()):
        node.port = 40_000 + number
        node.state = Node.State.UP
        node.save()
    return second


def test_a_store_that_can_not_be_measured_leaves_the_others_measured(
    second: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def knock(door: str) -> str:
        asked.append(door)
        raise PermissionError

    monkeypatch.setattr(measuring, "door_of", lambda store, _node: store.name)
    monkeypatch.setattr(measuring, "knock", knock)
    measuring.measure_all()
    assert sorted(asked) == ["orders", "second"]


def test_servers_that_hang_keep_no_other_waiting(second: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first does not answer before what the second answered is saved."""
    saved, seconds = threading.Event(), 20

    def knock(door: str) -> str:
        if door == "orders" and not saved.wait(seconds):
            raise ProbeFailure("Nobody else was measured meanwhile.")
        return f"{door} answers."

    def save(evidence: dict[Any, str], *given: Any) -> None:
        saving(evidence, *given)
        if second.pk in evidence:
            saved.set()

    saving = measuring._save_usual
    monkeypatch.setattr(measuring, "door_of", lambda store, _node: store.name)
    monkeypatch.setattr(measuring, "knock", knock)
    monkeypatch.setattr(measuring, "_save_usual", save)
    measuring.measure_all()
    evidence = {store.name: store.evidence for store in DataStore.objects.all()}
    assert evidence == {"orders": "orders answers.", "second": "second answers."}


def test_a_store_without_an_address_leaves_the_others_measured(
    second: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def door_of(store: DataStore, _node: Node) -> str:
        if store.name == "orders":
            raise EdgeSlot.DoesNotExist
        return store.name

    monkeypatch.setattr(measuring, "door_of", door_of)
    monkeypatch.setattr(measuring, "knock", lambda door: f"{door} answers.")
    measuring.measure_all()
    second.refresh_from_db()
    assert second.evidence == "second answers."


def test_a_server_that_takes_no_certificate_leaves_the_others_renewed(
    second: DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def renew(_machine: object, node: Node) -> bool:
        asked.append(node.store.name)
        raise ConnectionError

    monkeypatch.setattr(site, "renew_certificate", renew)
    site.LocalSite().renew_certificates()
    assert sorted(asked) == ["orders", "second"]


def test_a_certificate_that_the_server_did_not_read_is_offered_again(
    second: DataStore, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    node, parts = second.nodes.get(), machine()
    parts.home.make()
    directory = place_of(node, parts.home).directory
    directory.mkdir(parents=True)
    request.addfinalizer(lambda: shutil.rmtree(directory))
    answers: list[Exception | None] = [ConnectionError(), None]

    def reload(*_arguments: object) -> None:
        if answer := answers.pop(0):
            raise answer

    monkeypatch.setattr(type(local_engine(second)), "reload", reload)
    with pytest.raises(ConnectionError):
        nodes.renew_certificate(parts, node)
    assert nodes.renew_certificate(parts, node)
    assert answers == []
    assert not nodes.renew_certificate(parts, node)


def test_a_watch_that_takes_long_is_not_begun_again_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def measure_all() -> None:
        begun.append("logins")
        if len(begun) < 3:
            site.LocalSite().watch()  # as another thread of the worker does

    monkeypatch.setattr(site, "measure_all", measure_all)
    monkeypatch.setattr(site, "measure_disks", lambda: begun.append("disks"))
    site.LocalSite().watch()
    assert begun == ["disks", "logins"]
    site.LocalSite().watch()
    assert begun[2:] == ["disks", "logins"]


def test_an_engine_that_can_not_be_initialised_leaves_the_others_their_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fill(engine: LocalEngine, _size: int) -> int:
        asked.append(engine.slug)
        raise PermissionError

    monkeypatch.setattr(pool, "fill", fill)
    site.LocalSite().keep_ready()
    assert asked == [engine.slug for engine in LOCAL_ENGINES.values()]


def test_pools_are_filled_by_one_thread_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fill(engine: LocalEngine, _size: int) -> int:
        asked.append(engine.slug)
        if len(asked) < 10:
            site.LocalSite().keep_ready()  # as another thread of the worker does
        return 0

    monkeypatch.setattr(pool, "fill", fill)
    site.LocalSite().keep_ready()
    assert asked == [engine.slug for engine in LOCAL_ENGINES.values()]
