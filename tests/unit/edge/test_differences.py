"""Differences between rows and the running proxy: a sentence for each that a client would notice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.sites.local.edge import Address, EdgeError, Slot
from datastores.sites.local.edge.answers import Session
from datastores.sites.local.edge.configuration import SERVERS
from datastores.sites.local.edge.differences import Running, assignment, describe, settled, welcome

AMBER, BIRCH, CEDAR, DAISY = (Address("127.0.0.1", port) for port in (23000, 23001, 23002, 23003))
addresses = st.sampled_from([AMBER, BIRCH, CEDAR, DAISY])
lists = st.sampled_from([(), ("0.0.0.0/0", "::/0"), ("10.0.0.0/8",)])
wanted_slots = st.builds(
    lambda servers, allowed: Slot(7, 21006, tuple(servers), allowed),
    st.lists(addresses, max_size=3, unique=True),
    lists,
)
states = st.builds(
    lambda accepting, servers, allowed: Running(accepting, dict(zip(SERVERS, servers, strict=True)), allowed),
    st.booleans(),
    st.lists(st.none() | addresses, min_size=3, max_size=3),
    lists,
)


def running(*servers: Address, accepting: bool = True, allowed: tuple[str, ...] = ()) -> Running:
    return Running(accepting, dict(zip(SERVERS, [*servers, None, None, None], strict=False)), allowed)


def session(source: str = "127.0.0.1", server: str = "primary") -> Session:
    return Session("0x1", 7, server, source, 40_000, 0)


@given(wanted_slots, states)
def test_silence_means_that_no_client_can_tell(wanted: Slot, found: Running) -> None:
    only_unpaused = not wanted.servers and found.accepting and not found.leads_to and found.allowed == wanted.allowed
    assert (not list(describe(wanted, found))) == (settled(wanted, found) or only_unpaused)


@given(wanted_slots, st.permutations(SERVERS))
def test_a_proxy_that_does_what_it_must_is_settled_under_whichever_names(wanted: Slot, names: list[str]) -> None:
    servers = dict.fromkeys(names) | dict(zip(names, wanted.servers, strict=False))
    assert settled(wanted, Running(bool(wanted.servers), servers, wanted.allowed))


@given(wanted_slots, states)
def test_every_server_gets_one_name_and_keeps_one_that_it_has(wanted: Slot, found: Running) -> None:
    names = assignment(wanted, found)
    assert sorted(map(str, names.values())) == sorted(map(str, wanted.servers))
    for server in set(found.leads_to) & set(wanted.servers):
        assert [found.servers[name] for name, assigned in names.items() if assigned == server] == [server]


def test_an_older_proxy_that_knows_too_few_servers_is_said() -> None:
    with pytest.raises(EdgeError, match="knows 1 servers of slot 7"):
        assignment(Slot(7, 21006, (AMBER, BIRCH)), Running(True, {"primary": AMBER}, ()))


def test_a_slot_without_owner_is_named_with_where_it_leads() -> None:
    (found,) = describe(Slot(7, 21006), running(BIRCH, AMBER))
    assert found.endswith(
        "(port 21006) leads to 127.0.0.1:23000 and 127.0.0.1:23001, but no running data store owns it."
    )


def test_an_owned_slot_that_is_closed_is_named() -> None:
    found = list(describe(Slot(7, 21006, (AMBER,)), running(accepting=False)))
    assert found == ["Slot 7 of the edge (port 21006) is closed, but its data store runs at 127.0.0.1:23000."]


def test_a_slot_that_leads_to_too_few_is_named() -> None:
    (found,) = describe(Slot(7, 21006, (AMBER, BIRCH)), running(BIRCH))
    assert found.endswith("leads to 127.0.0.1:23001 instead of 127.0.0.1:23000 and 127.0.0.1:23001.")


def test_a_slot_that_the_proxy_does_not_know_is_named() -> None:
    (found,) = describe(Slot(7, 21006), None)
    assert found == "Slot 7 of the edge (port 21006) is unknown to the running proxy."


def test_nobody_is_welcome_on_a_closed_slot_or_where_a_server_was_taken_away() -> None:
    assert not welcome(Slot(7, 21006, (), ("0.0.0.0/0",)), running(), session())
    slot = Slot(7, 21006, (AMBER,), ("127.0.0.0/8",))
    assert welcome(slot, running(AMBER), session())
    assert welcome(slot, running(AMBER), session(server="<none>"))
    assert not welcome(slot, running(AMBER), session(server="second"))
    assert not welcome(slot, running(AMBER), session(source="10.0.0.1"))
