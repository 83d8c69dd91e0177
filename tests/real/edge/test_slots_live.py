"""Slots of a running proxy: opened, led elsewhere, fenced, closed; over IPv4 and IPv6."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datastores.sites.local.edge import Edge, EdgeError, Slot
from datastores.sites.local.edge.configuration import slot_file

from .proxy import Proxy
from .servers import Client, NamedServer, answer, free_ports

EVERYBODY = ("0.0.0.0/0", "::/0")

pytestmark = pytest.mark.real


def slot_of(edge: Edge, server: NamedServer, number: int = 1) -> Slot:
    return Slot(number, edge.settings.first_port + number - 1, server.address, EVERYBODY)


@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_an_opened_slot_serves_and_a_closed_one_refuses(
    edge: Edge, proxy: Proxy, amber: NamedServer, source: str
) -> None:
    slot = slot_of(edge, amber)
    assert answer(slot.port, source) == "refused"
    assert edge.apply(slot).live
    assert answer(slot.port, source) == "amber"
    assert answer(slot.port + 1, source) == "refused"
    edge.apply(replace(slot, server=None, allowed=()))
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
    edge.apply(replace(slot, server=replace(amber.address, port=free_ports(1))))
    assert answer(slot.port) == "turned away"
