"""What the platform tells of a cache as of one database."""

from __future__ import annotations

import pytest

from datastores.sites.contract import NoAnswer
from datastores.sites.local.cache.databases import databases

from .conftest import Server

pytestmark = pytest.mark.real


def test_keys_and_their_memory(server: Server) -> None:
    (empty,) = databases(server.place)
    assert (empty.name, empty.owner, empty.holds) == ("0", "", "0 keys")
    with server.login() as tenant:
        tenant.set("one", "x" * 5_000_000)
    (one,) = databases(server.place)
    assert one.holds == "1 key"
    assert 5_000_000 < one.size_bytes - empty.size_bytes < 7_000_000
    with server.login(db=3) as tenant:
        tenant.mset({str(number): "" for number in range(1_200)})
    assert databases(server.place)[0].holds == "1,201 keys (1 in 0, 1,200 in 3)"


def test_a_server_that_is_down_is_silent(server: Server) -> None:
    server.process.terminate()
    server.process.wait(10)
    with pytest.raises(NoAnswer):
        databases(server.place)
