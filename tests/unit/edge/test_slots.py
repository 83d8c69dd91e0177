"""Slots: networks in one spelling, and who they let in."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.edge.slots import Address, Slot, canonical, permits, slot_name, slot_number

addresses = st.ip_addresses().map(str)
networks = st.builds(
    lambda address, share: f"{address}/{int(share * ip_address(address).max_prefixlen)}",
    addresses,
    st.floats(0, 1),
)


@given(st.lists(networks), st.randoms())
def test_order_spelling_and_repetition_do_not_matter(given_networks: list[str], random: object) -> None:
    shuffled = [f" {network} " for network in given_networks] * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert canonical(shuffled) == canonical(given_networks)
    assert canonical(canonical(given_networks)) == canonical(given_networks)


@given(st.lists(networks, max_size=8), addresses)
def test_a_client_is_let_in_exactly_when_a_network_holds_its_address(allowed: list[str], source: str) -> None:
    expected = any(ip_address(source) in ip_network(network, strict=False) for network in allowed)
    assert permits(canonical(allowed), source) == expected


def test_everybody_means_both_families() -> None:
    assert permits(("0.0.0.0/0", "::/0"), "203.0.113.9")
    assert permits(("0.0.0.0/0", "::/0"), "2001:db8::9")
    assert not permits(("0.0.0.0/0",), "2001:db8::9")
    assert not permits((), "127.0.0.1")


@given(st.integers(0, 100_000))
def test_a_slots_name_gives_back_its_number(number: int) -> None:
    assert slot_number(slot_name(number)) == number


@pytest.mark.parametrize("name", ["GLOBAL", "<NONE>", "slot-", "slot-x", "httpclient"])
def test_other_names_are_no_slots(name: str) -> None:
    assert slot_number(name) is None


@pytest.mark.parametrize("wrong", ["db.example.com", "10.0.0.0/33", "1.2.3.4\nlisten other", "", "fe80::1%0\nlisten x"])
def test_text_that_is_no_network_never_gets_into_an_access_list(wrong: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        Slot(1, 21000, allowed=(wrong,))


def test_a_server_is_an_address_not_a_name() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        Address("localhost", 5432)
    with pytest.raises(ValueError, match="does not appear to be"):
        Address("fe80::1%eth0; show env", 5432)
    with pytest.raises(ValueError, match="no TCP port"):
        Address("127.0.0.1", 0)
    assert str(Address("::1", 5432)) == "[::1]:5432"


def test_a_slot_leads_to_three_servers_at_most_each_once() -> None:
    servers = tuple(Address("127.0.0.1", port) for port in (1, 2, 3, 4))
    assert Slot(1, 21000, servers[:3]).servers == servers[:3]
    for wrong in (servers, servers[:1] * 2):
        with pytest.raises(ValueError, match="at most 3 servers"):
            Slot(1, 21000, wrong)
