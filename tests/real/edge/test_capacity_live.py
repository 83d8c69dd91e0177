"""Many slots in one proxy, and one store that can't starve the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastores.sites.local.edge import Edge, Slot

from .conftest import Settings
from .proxy import Proxy
from .servers import Client, NamedServer, answer, free_ports

EVERYBODY = ("0.0.0.0/0", "::/0")

pytestmark = pytest.mark.real


def resident_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) // 1024


def test_five_hundred_slots_are_small_and_the_last_one_serves(settings: Settings, amber: NamedServer) -> None:
    # A loopback address of its own, where few ports are taken.
    bind = ("127.0.77.1",)
    first = free_ports(500, bind)
    edge = Edge(settings(slots=500, first_port=first, bind=bind, open_files=20_000))
    edge.write([])
    with Proxy(edge) as proxy:
        proxy.start()
        edge.sync([])
        last = Slot(500, first + 499, (amber.address,), EVERYBODY)
        edge.apply(last)
        with Client(last.port, "127.0.0.1", host="127.0.77.1") as client:
            assert client.name == "amber"
        for port in (first, first + 250, first + 498):
            with pytest.raises(ConnectionRefusedError):
                Client(port, host="127.0.77.1")
        assert edge.differences([last]) == []
        assert resident_mib(proxy.pid) < 48


def test_one_crowded_slot_turns_clients_away_and_leaves_room_for_the_others(
    settings: Settings, amber: NamedServer, birch: NamedServer
) -> None:
    edge = Edge(settings(slots=2, open_files=500))
    crowded = Slot(1, edge.settings.first_port, (amber.address,), EVERYBODY)
    quiet = Slot(2, edge.settings.first_port + 1, (birch.address,), EVERYBODY)
    edge.write([crowded, quiet])
    with Proxy(edge) as proxy:
        proxy.start()
        limit = edge.settings.sessions_per_slot
        crowd = [Client(crowded.port) for _ in range(limit)]
        assert all(client.name == "amber" for client in crowd)
        assert answer(crowded.port) == "turned away"
        assert answer(quiet.port) == "birch"
        crowd.pop().__exit__()
        assert all(client.echoes() for client in crowd)
