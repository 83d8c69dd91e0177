"""Taken ports are named before anything starts, with the setting to change."""

from __future__ import annotations

import socket

import pytest

from console.errors import Refusal
from console.services import ports
from console.services.ports import Wanted


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Refusal) as refused:
            ports.check([Wanted("The edge", "HEADWATER_EDGE_FIRST_PORT", ("127.0.0.1",), port - 2, 5)])
    assert str(port) in refused.value.sentence
    assert "HEADWATER_EDGE_FIRST_PORT" in refused.value.remedy


def test_a_port_that_was_just_left_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0] as accepted:
            accepted.close()  # the server's side goes into TIME_WAIT
            assert client.recv(1) == b""
    ports.check([Wanted("The console", "HEADWATER_PORT", ("127.0.0.1",), port)])


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refusal, match=r"192\.0\.2\.1"):
        ports.check([Wanted("The console", "HEADWATER_PORT", ("192.0.2.1",), 40_000)])


def test_ranges_that_overlap_are_refused_with_both_settings() -> None:
    edge = Wanted("The edge", "HEADWATER_EDGE_FIRST_PORT", (), 21_000, 500)
    node = Wanted("The first node", "HEADWATER_NODE_FIRST_PORT", (), 21_499)
    with pytest.raises(Refusal) as refused:
        ports.check_apart([edge, node])
    assert "21499" in refused.value.sentence
    assert "HEADWATER_EDGE_FIRST_PORT" in refused.value.remedy
    assert "HEADWATER_NODE_FIRST_PORT" in refused.value.remedy
    ports.check_apart([edge, Wanted("The first node", "HEADWATER_NODE_FIRST_PORT", (), 21_500)])


def test_ports_that_do_not_exist_are_refused() -> None:
    with pytest.raises(Refusal, match="65540"):
        ports.check_apart([Wanted("The edge", "HEADWATER_EDGE_FIRST_PORT", (), 65_500, 41)])
