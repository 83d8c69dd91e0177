"""A list that shuts this machine out while the platform logs in: no store is called silent for it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection

from console.audit import Actor
from datastores.actions import allow_list, set_allow_list
from datastores.models import DataStore, EdgeSlot
from datastores.networks import Entry, fingerprint
from datastores.sites.contract import AccessChange, Endpoint
from datastores.sites.local import access, addresses
from datastores.sites.local.engine import ProbeFailure
from datastores.sites.local.site import LocalSite
from host.paths import Home
from host.waiting import wait_until
from tests.unit.networks.test_two_at_once import somebody_waits

OFFICE = Entry("198.51.100.0/24", "Office")
EDGE_PORT, NODE_PORT = 29310, 29340


def only_the_node_answers(_place: object, endpoint: Endpoint, _ca: Path) -> str:
    """The edge has the new list already, and so ends what comes from this machine."""
    if endpoint.port == EDGE_PORT:
        raise ProbeFailure("The connection was closed.")
    return "Logged in."


def behind_the_edge(store: DataStore, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Give the store an address at which logins end, and a node that answers."""
    EdgeSlot.objects.create(number=1, port=EDGE_PORT, store=store)
    store.nodes.update(port=NODE_PORT)
    edge = SimpleNamespace(answering=lambda: True)
    Home(home).make()
    monkeypatch.setattr(access, "machine", lambda: SimpleNamespace(home=Home(home), ca_file=home, edge=edge))
    monkeypatch.setattr(access, "local_engine", lambda _: SimpleNamespace(probe=only_the_node_answers))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_login_that_a_new_list_ends_is_tried_at_the_node(
    store: DataStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    behind_the_edge(store, monkeypatch, tmp_path)
    evidence: list[str] = []

    def log_in() -> None:
        try:
            found = DataStore.objects.get(pk=store.pk)
            evidence.append(access.log_in(found, found.nodes.get()))
        except ProbeFailure as failure:
            evidence.append(f"failed: {failure}")
        finally:
            connection.close()

    prober = threading.Thread(target=log_in)

    def apply(*_: object) -> AccessChange:
        addresses.lock_edge()
        prober.start()
        wait_until(lambda: bool(evidence) or somebody_waits(), 5)
        return AccessChange(live=True)

    monkeypatch.setattr(LocalSite, "apply_allow_list", apply)
    set_allow_list(actor=Actor(), store=store, wanted=[OFFICE], seen=fingerprint(allow_list(store)))
    prober.join(10)
    assert evidence == [f"Logged in. {access.UNTOUCHED}"]


@pytest.mark.django_db
def test_a_login_that_fails_leaves_the_edge_to_others(
    store: DataStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    behind_the_edge(store, monkeypatch, tmp_path)
    with pytest.raises(ProbeFailure):
        access.log_in(store, store.nodes.get())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
