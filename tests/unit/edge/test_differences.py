"""Differences between rows and the running proxy: a sentence for each that a client would notice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.edge import Address, Slot
from datastores.sites.local.edge.differences import Running, describe, settled, welcome

servers = st.none() | st.sampled_from([Address("127.0.0.1", 23000), Address("127.0.0.1", 23001)])
SERVER = Address("127.0.0.1", 23000)
lists = st.sampled_from([(), ("0.0.0.0/0", "::/0"), ("10.0.0.0/8",)])
wanted_slots = st.builds(Slot, st.just(7), st.just(21006), servers, lists)
states = st.builds(Running, st.booleans(), servers, lists)


@given(wanted_slots, states)
def test_silence_means_that_no_client_can_tell(wanted: Slot, running: Running) -> None:
    only_unpaused = wanted.server is None and running == Running(True, None, wanted.allowed)
    assert (not list(describe(wanted, running))) == (settled(wanted, running) or only_unpaused)


@given(wanted_slots)
def test_a_proxy_that_does_what_it_must_is_settled(wanted: Slot) -> None:
    assert settled(wanted, Running(wanted.server is not None, wanted.server, wanted.allowed))


def test_a_slot_without_owner_is_named_with_where_it_leads() -> None:
    (found,) = describe(Slot(7, 21006), Running(accepting=True, server=SERVER, allowed=()))
    assert found.endswith("(port 21006) leads to 127.0.0.1:23000, but no running data store owns it.")


def test_an_owned_slot_that_is_closed_is_named() -> None:
    found = list(describe(Slot(7, 21006, Address("127.0.0.1", 23000)), Running(False, None, ())))
    assert found == ["Slot 7 of the edge (port 21006) is closed, but its data store runs at 127.0.0.1:23000."]


def test_a_slot_that_the_proxy_does_not_know_is_named() -> None:
    (found,) = describe(Slot(7, 21006), None)
    assert found == "Slot 7 of the edge (port 21006) is unknown to the running proxy."


def test_nobody_is_welcome_on_a_closed_slot() -> None:
    assert not welcome(Slot(7, 21006, None, ("0.0.0.0/0",)), "127.0.0.1")
    assert welcome(Slot(7, 21006, Address("127.0.0.1", 23000), ("127.0.0.0/8",)), "127.0.0.1")
