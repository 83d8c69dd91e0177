"""Slots of a running proxy: opened, led elsewhere, fenced, closed; over IPv4 and IPv6."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datastores.sites.local.edge import Edge, EdgeError, Slot
from datastores.sites.local.edge.configuration import slot_file
from datastores.sites.local.edge.runtime import AdminSocket

from .proxy import Proxy
from .servers import Client, NamedServer, answer, free_ports

EVERYBODY = ("0.0.0.0/0", "::/0")

pytestmark = pytest.mark.real


def slot_of(edge: Edge, server: NamedServer, number: int = 1) -> Slot:
    return Slot(number, edge.settings.first_port + number - 1, (server.address,), EVERYBODY)


@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_an_opened_slot_serves_and_a_closed_one_refuses(
    edge: Edge, proxy: Proxy, amber: NamedServer, source: str
) -> None:
    slot = slot_of(edge, amber)
    assert answer(slot.port, source) == "refused"
    assert edge.apply(slot).live
    assert answer(slot.port, source) == "amber"
    assert answer(slot.port + 1, source) == "refused"
    edge.apply(replace(slot, servers=(), allowed=()))
    assert answer(slot.port, source) == "refused"


def test_repeating_a_change_changes_nothing_and_cuts_nobody(edge: Edge, proxy: Proxy, amber: NamedServer) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    with Client(slot.port) as client:
        assert edge.apply(slot).cut == 0
        assert client.echoes()


def test_a_slot_led_elsewhere_takes_everybody_along(
    edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer
) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    with Client(slot.port) as old:
        assert old.name == "amber"
        assert edge.apply(slot_of(edge, birch)).cut == 1
        assert not old.echoes()
    assert {answer(slot.port) for _ in range(20)} == {"birch"}


def test_a_fence_cuts_every_session_of_its_slot_and_no_other(
    edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer
) -> None:
    fenced, other = slot_of(edge, amber), slot_of(edge, birch, number=2)
    edge.apply(fenced)
    edge.apply(other)
    clients = [Client(fenced.port, source) for source in ["127.0.0.1", "127.0.0.2", "::1"] * 20]
    with Client(other.port) as bystander:
        proof = edge.fence(fenced)
        assert (proof.live, proof.cut) == (True, 60)
        assert edge.sessions(fenced.number) == []
        assert not any(client.echoes() for client in clients)
        assert bystander.echoes()
    assert answer(fenced.port) == "refused"
    assert edge.fence(fenced).cut == 0


def test_a_fence_outlives_the_proxy(edge: Edge, proxy: Proxy, amber: NamedServer) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    edge.fence(slot)
    proxy.kill()
    proxy.start()
    assert answer(slot.port) == "turned away"


def test_a_fence_without_a_proxy_is_its_file_and_a_silent_port(edge: Edge, proxy: Proxy, amber: NamedServer) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    proxy.kill()
    assert not edge.fence(slot).live
    assert "disabled" in slot_file(edge.settings, slot).read_text()


def test_a_proxy_that_serves_but_can_not_be_reached_is_not_fenced(edge: Edge, proxy: Proxy, amber: NamedServer) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    edge.settings.admin_socket.unlink()
    with pytest.raises(EdgeError, match=f"something still listens on port {slot.port}"):
        edge.fence(slot)


def test_sessions_are_listed_with_their_source(edge: Edge, proxy: Proxy, amber: NamedServer) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    with Client(slot.port, "127.0.0.2"), Client(slot.port, "::1"):
        assert {session.source for session in edge.sessions(1)} == {"127.0.0.2", "::1"}
        assert all(session.age_seconds < 60 for session in edge.sessions(1))


def test_a_dead_server_is_said_at_once(edge: Edge, proxy: Proxy, amber: NamedServer) -> None:
    slot = slot_of(edge, amber)
    edge.apply(replace(slot, servers=(replace(amber.address, port=free_ports(1)),)))
    assert answer(slot.port) == "turned away"


def test_a_slot_with_several_servers_leads_to_each_in_turn(
    edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer, cedar: NamedServer
) -> None:
    slot = Slot(1, edge.settings.first_port, (amber.address, birch.address, cedar.address), EVERYBODY)
    edge.apply(slot)
    assert sorted(answer(slot.port) for _ in range(9)) == ["amber"] * 3 + ["birch"] * 3 + ["cedar"] * 3
    assert edge.differences([slot]) == []


def test_only_sessions_to_servers_that_the_slot_leaves_are_cut(
    edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer, cedar: NamedServer
) -> None:
    slot = Slot(1, edge.settings.first_port, (amber.address, birch.address), EVERYBODY)
    edge.apply(slot)
    clients = [Client(slot.port) for _ in range(6)]
    moved = replace(slot, servers=(cedar.address, birch.address))
    assert edge.apply(moved).cut == 3
    assert {client.name for client in clients if client.echoes()} == {"birch"}
    assert {answer(slot.port) for _ in range(4)} == {"birch", "cedar"}
    assert edge.apply(replace(moved, servers=(birch.address, cedar.address))).cut == 0, "the order does not matter"
    assert edge.apply(replace(moved, servers=(birch.address,))).cut == 0
    assert {answer(slot.port) for _ in range(4)} == {"birch"}
    assert sum(client.echoes() for client in clients) == 3
    assert edge.fence(slot).cut == 3
    assert edge.sessions(1) == []


def test_several_servers_outlive_the_proxy(edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer) -> None:
    slot = Slot(1, edge.settings.first_port, (amber.address, birch.address), EVERYBODY)
    edge.apply(slot)
    proxy.kill()
    proxy.start()
    assert edge.differences([slot]) == []
    assert {answer(slot.port) for _ in range(4)} == {"amber", "birch"}


def test_sessions_that_a_change_which_broke_off_has_left_are_cut(
    edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer
) -> None:
    slot = slot_of(edge, amber)
    edge.apply(slot)
    with Client(slot.port) as client:
        AdminSocket(edge.settings.admin_socket).change("set server slot-0001/primary state maint")
        assert edge.apply(slot_of(edge, birch)).cut == 1
        assert not client.echoes()
    assert answer(slot.port) == "birch"


def test_two_slots_change_together(edge: Edge, proxy: Proxy, amber: NamedServer, birch: NamedServer) -> None:
    one, two = slot_of(edge, amber), slot_of(edge, birch, number=2)
    edge.apply(one, two)
    with Client(one.port, "127.0.0.2"), Client(two.port, "127.0.0.2"):
        assert len(edge.sessions(1, 2)) == 2
        assert edge.apply(*(replace(slot, allowed=("127.0.0.1",)) for slot in (one, two))).cut == 2
    assert [answer(slot.port) for slot in (one, two)] == ["amber", "birch"]
