"""Which addresses the edge binds: what the machine has, both families for "*"."""

from __future__ import annotations

import socket
from unittest.mock import patch

import pytest

from datastores.sites.local.edge import EdgeError
from datastores.sites.local.edge.addresses import usable


def test_loopback_is_usable() -> None:
    assert usable(["127.0.0.1"]) == ("127.0.0.1",)


def test_an_address_of_another_machine_is_refused_with_the_setting_to_correct() -> None:
    with pytest.raises(EdgeError, match=r"can't listen on 192\.0\.2\.1") as refused:
        usable(["127.0.0.1", "192.0.2.1"])
    assert "HEADWATER_EDGE_BIND" in refused.value.remedy


def test_a_machine_without_ipv6_gets_ipv4_alone() -> None:
    original = socket.socket

    def without_ipv6(family: socket.AddressFamily, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return original(family, *rest)

    with patch("datastores.sites.local.edge.addresses.socket.socket", without_ipv6):
        assert usable(["*"]) == ("0.0.0.0",)  # noqa: S104
        assert usable(["127.0.0.1", "::1"]) == ("127.0.0.1",)
