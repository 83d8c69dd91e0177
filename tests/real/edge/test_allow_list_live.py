"""Allow lists of a running proxy: swapped at once, and only those who lost their place are cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datastores.sites.local.edge import Edge, Slot

from .proxy import Proxy
from .servers import Client, NamedServer, answer

pytestmark = pytest.mark.real


@pytest.fixture
def slot(edge: Edge, proxy: Proxy, amber: NamedServer) -> Slot:
    slot = Slot(1, edge.settings.first_port, (amber.address,), ("127.0.0.0/8", "::/0"))
    edge.apply(slot)
    return slot


def test_those_who_are_no_longer_allowed_are_cut_and_the_others_go_on(edge: Edge, slot: Slot) -> None:
    staying = [Client(slot.port, "127.0.0.2") for _ in range(5)]
    leaving = [Client(slot.port, source) for source in ("127.0.0.3", "127.0.0.3", "::1")]
    applied = edge.apply(replace(slot, allowed=("127.0.0.2",)))
    assert applied.cut == 3
    assert all(client.echoes() for client in staying)
    assert not any(client.echoes() for client in leaving)
    assert (answer(slot.port, "127.0.0.2"), answer(slot.port, "127.0.0.3")) == ("amber", "turned away")
    assert answer(slot.port, "::1") == "turned away"


def test_an_allowed_client_is_never_turned_away_while_the_list_changes(edge: Edge, slot: Slot) -> None:
    for other in range(20):
        edge.apply(replace(slot, allowed=("127.0.0.2", f"10.0.{other}.0/24")))
        assert answer(slot.port, "127.0.0.2") == "amber"


def test_an_empty_list_lets_nobody_in(edge: Edge, slot: Slot) -> None:
    with Client(slot.port) as client:
        assert edge.apply(replace(slot, allowed=())).cut == 1
        assert not client.echoes()
    assert answer(slot.port) == "turned away"


def test_long_lists_and_both_families(edge: Edge, slot: Slot) -> None:
    blocks = (*(f"10.{n // 256}.{n % 256}.0/24" for n in range(1000)), "::1", "127.0.0.9")
    edge.apply(replace(slot, allowed=blocks))
    assert answer(slot.port, "::1") == "amber"
    assert answer(slot.port, "127.0.0.9") == "amber"
    assert answer(slot.port, "127.0.0.8") == "turned away"


def test_hundreds_are_cut_at_once(edge: Edge, slot: Slot) -> None:
    crowd = [Client(slot.port, "127.0.0.3") for _ in range(300)]
    with Client(slot.port, "127.0.0.2") as staying:
        assert edge.apply(replace(slot, allowed=("127.0.0.2",))).cut == 300
        assert staying.echoes()
    assert not any(client.echoes() for client in crowd)
