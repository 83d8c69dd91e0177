"""The proxy dies, drifts or is outgrown: files and rows bring it back, and nobody is cut without need."""

from __future__ import annotations

import socket

import pytest

from datastores.sites.local.edge import Edge, EdgeError, Slot
from datastores.sites.local.edge.configuration import slot_file
from datastores.sites.local.edge.edge import OUTDATED
from datastores.sites.local.edge.runtime import AdminSocket

from .conftest import Settings
from .proxy import Proxy
from .servers import Client, NamedServer, answer

EVERYBODY = ("0.0.0.0/0", "::/0")

pytestmark = pytest.mark.real


@pytest.fixture
def rows(edge: Edge, amber: NamedServer, birch: NamedServer) -> list[Slot]:
    """Two stores that run and one that is powered off."""
    first = edge.settings.first_port
    return [
        Slot(1, first, (amber.address,), EVERYBODY),
        Slot(2, first + 1, (birch.address,), ("127.0.0.2",)),
        Slot(3, first + 2, (), EVERYBODY),
    ]


def seen(rows: list[Slot]) -> list[str]:
    return [answer(slot.port, source) for slot in rows for source in ("127.0.0.1", "127.0.0.2", "::1")]


def test_after_a_crash_the_files_give_the_same_state(edge: Edge, proxy: Proxy, rows: list[Slot]) -> None:
    for slot in rows:
        edge.apply(slot)
    before = seen(rows)
    assert before == ["amber"] * 3 + ["turned away", "birch", "turned away"] + ["refused"] * 3
    proxy.kill()
    assert set(seen(rows)) == {"refused"}
    proxy.start()
    assert edge.differences(rows) == []
    assert seen(rows)[:6] == before[:6]
    assert set(seen(rows)[6:]) == {"turned away"}
    edge.sync(rows)
    assert seen(rows) == before


def test_a_change_while_the_proxy_is_down_waits_in_the_files(edge: Edge, proxy: Proxy, rows: list[Slot]) -> None:
    proxy.kill()
    assert not edge.answering()
    assert not edge.apply(rows[0]).live
    assert not edge.sync(rows).live
    assert edge.differences(rows) == []
    proxy.start()
    assert edge.differences(rows) == []
    assert answer(rows[0].port) == "amber"


def test_drift_is_named_and_repaired_without_touching_what_is_right(
    edge: Edge, proxy: Proxy, rows: list[Slot], amber: NamedServer
) -> None:
    edge.sync(rows)
    admin = AdminSocket(edge.settings.admin_socket)
    with Client(rows[0].port) as bystander:
        admin.change(
            "set server slot-0002/primary state maint",
            f"set server slot-0004/primary addr 127.0.0.1 port {amber.address.port}",
            "set server slot-0004/primary state ready",
            "enable frontend slot-0004",
            "add acl slot-0004.acl 0.0.0.0/0",
            "add acl slot-0001.acl 10.0.0.0/8",
        )
        with Client(rows[0].port + 3) as stranger:
            named = "\n".join(edge.differences(rows))
            assert f"Slot 1 of the edge (port {rows[0].port}) has another allow list" in named
            assert f"is closed, but its data store runs at {rows[1].servers[0]}" in named
            assert f"leads to {amber.address}, but no running data store owns it" in named
            assert "Slot 4 of the edge has 1 connections that it must not" in named
            assert edge.sync(rows).cut == 1
            assert not stranger.echoes()
        assert edge.differences(rows) == []
        assert bystander.echoes()
    assert answer(rows[1].port, "127.0.0.2") == "birch"
    assert answer(rows[0].port + 3) == "refused"


def test_files_that_were_lost_or_edited_are_named_and_written_again(edge: Edge, proxy: Proxy, rows: list[Slot]) -> None:
    edge.sync(rows)
    slot_file(edge.settings, rows[0]).unlink()
    slot_file(edge.settings, rows[1]).write_text("listen slot-0002\n    nonsense\n")
    assert edge.differences(rows) == ["2 files of the edge's are missing or out of date."]
    with pytest.raises(EdgeError, match=r"not valid.*nonsense"):
        edge.check()
    edge.sync(rows)
    edge.check()
    assert edge.differences(rows) == []


def test_more_slots_than_the_running_proxy_has_need_a_restart(
    edge: Edge, proxy: Proxy, rows: list[Slot], settings: Settings, amber: NamedServer
) -> None:
    grown = Edge(settings(slots=6, first_port=edge.settings.first_port))
    applied = grown.sync(rows)
    assert (applied.live, applied.restart_needed) == (True, True)
    assert answer(rows[0].port) == "amber"
    assert OUTDATED in grown.differences(rows)
    new = Slot(6, edge.settings.first_port + 5, (amber.address,), EVERYBODY)
    with pytest.raises(EdgeError, match="no slot 6"):
        grown.apply(new)
    proxy.kill()
    proxy.start()
    assert answer(new.port) == "amber"
    assert grown.differences([*rows, new]) == []


def test_an_open_slots_port_can_not_be_shared(edge: Edge, proxy: Proxy, rows: list[Slot]) -> None:
    edge.sync(rows)
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="Address already in use"):
            intruder.bind(("127.0.0.1", rows[0].port))


def test_a_closed_slots_port_that_another_program_took_is_said(edge: Edge, proxy: Proxy, rows: list[Slot]) -> None:
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.bind(("127.0.0.1", rows[0].port))
        intruder.listen()
        with pytest.raises(EdgeError, match="another program has taken the port"):
            edge.apply(rows[0])
    edge.apply(rows[0])
    assert answer(rows[0].port) == "amber"
