"""Reading entries, overlaps, and whom a list would cut."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.networks import (
    EVERYBODY,
    MOST_NOTE,
    Entry,
    UnusableError,
    canonical,
    cut_by,
    difference,
    fingerprint,
    in_words,
    is_everybody,
    open_families,
    overlaps,
    permits,
    read_line,
)
from datastores.sites.local.edge import slots

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda a: not (a.is_multicast or a.is_unspecified or (a.version == 6 and a.ipv4_mapped))
)
blocks = st.builds(
    lambda address, bits: str(ip_network((address, min(bits, address.max_prefixlen)), strict=False)),
    addresses,
    st.integers(1, 128),
).filter(lambda text: not ip_network(text).network_address.is_unspecified and not ip_network(text).is_multicast)
notes = st.text(alphabet="abcdefg -.()é", max_size=MOST_NOTE).map(str.split).map(" ".join)
MORE_THAN_ONE = "There is more than one address in this line. Write each on a line of its own."


def read(line: str) -> Entry | str:
    """The entry, or the sentence that says why there is none."""
    try:
        return read_line(line)
    except UnusableError as problem:
        return str(problem)


@pytest.mark.parametrize(
    ("line", "network", "note"),
    [
        ("192.0.2.5", "192.0.2.5/32", ""),
        ("  192.0.2.0/24\tOffice, Berlin ", "192.0.2.0/24", "Office, Berlin"),
        ("2001:DB8:0::/32 # data centre", "2001:db8::/32", "data centre"),
        ("10.0.0.1; VPN", "10.0.0.1/32", "VPN"),
        ("0.0.0.0/0", "0.0.0.0/0", ""),
        ("::1 with a\x07bell", "::1/128", "with a bell"),
    ],
)
def test_a_line_is_an_address_or_block_and_a_note(line: str, network: str, note: str) -> None:
    assert read_line(line) == Entry(network, note)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("192.0.2.5/24", "Write 192.0.2.0/24 for the whole block, or 192.0.2.5 for that address."),
        ("2001:db8::1/32", "Write 2001:db8::/32 for the whole block"),
        ("192.0.2.0/33", "at most /32"),
        ("192.0.2.0/255.255.255.0", "Write the size of the block as a number of bits: 192.0.2.0/24."),
        ("192.0.2.1-192.0.2.9", "is a range"),
        ("db.example.com", "Names are not taken"),
        ("fe80::1%eth0", "without “%”"),
        ("::ffff:192.0.2.1", "Write it as IPv4"),
        ("0.0.0.0/32", "Everybody is 0.0.0.0/0"),
        ("::", "Everybody is ::/0"),
        ("224.0.0.1", "multicast"),
        ("192.0.2.1, 192.0.2.2", "each on a line of its own"),
        ("300.0.2.1", "is no address or block"),
        ("1" * 5000, "is no address or block"),
        ("192.0.2.1/" + "9" * 5000, "is no address or block"),
        ("192.0.2.1 " + "x" * 81, "longer than 80 characters"),
        ("", "Write an address or a block"),
    ],
)
def test_what_is_no_entry_is_explained(line: str, says: str) -> None:
    with pytest.raises(UnusableError) as problem:
        read_line(line)
    assert says in str(problem.value)
    assert len(str(problem.value)) < 250


@given(st.text(max_size=90))
def test_any_text_is_an_entry_or_a_sentence(text: str) -> None:
    found = read(text)
    if isinstance(found, Entry):
        assert canonical(found.network) == found.network
        assert len(found.note) <= MOST_NOTE
    else:
        assert found.endswith(".")


@given(blocks, notes)
def test_an_entry_reads_back_as_it_was_written(block: str, note: str) -> None:
    entry = Entry(canonical(block), note.strip(" -.()"))
    assert read(f"{entry.label} {entry.note}") in {entry, MORE_THAN_ONE}


@given(st.lists(blocks, max_size=8))
def test_a_list_without_problems_has_no_entry_that_another_makes_idle(found: list[str]) -> None:
    entries = [Entry(canonical(block)) for block in found]
    bad = {problem.position for problem in overlaps(entries)}
    good = [ip_network(entry.network) for i, entry in enumerate(entries) if i not in bad]
    for i, one in enumerate(good):
        assert not any(one.version == other.version and one.overlaps(other) for other in good[:i])
    assert (not bad) == all(
        a.version != b.version or not a.overlaps(b)
        for i, a in enumerate(map(ip_network, found))
        for b in map(ip_network, found[:i])
    )


@pytest.mark.parametrize(
    ("networks", "says"),
    [
        (["192.0.2.5/32", "192.0.2.5/32"], "192.0.2.5 is in the list already."),
        (["192.0.2.0/24", "192.0.2.5/32"], "192.0.2.5 lies in 192.0.2.0/24"),
        (["192.0.2.5/32", "192.0.2.0/24"], "192.0.2.0/24 covers 192.0.2.5"),
        (["::/0", "2001:db8::/32"], "2001:db8::/32 lies in ::/0"),
    ],
)
def test_an_overlap_names_both(networks: list[str], says: str) -> None:
    (problem,) = overlaps([Entry(network) for network in networks])
    assert problem.position == 1
    assert says in problem.sentence


@given(st.lists(blocks, max_size=5), st.lists(addresses.map(str), max_size=10))
def test_the_cut_is_what_the_edge_will_cut(networks: list[str], sources: list[str]) -> None:
    cut = cut_by(networks, sources)
    assert cut == [source for source in sources if not slots.permits(slots.canonical(networks), source)]
    assert all(permits(networks, source) != (source in cut) for source in sources)
    assert cut_by(EVERYBODY, sources) == []
    assert cut_by([], sources) == sources


@given(st.lists(blocks, max_size=6, unique=True))
def test_what_is_stored_is_what_the_edge_compares_with(networks: list[str]) -> None:
    assert {canonical(network) for network in networks} == set(slots.canonical(networks))


@given(st.dictionaries(blocks, notes, max_size=5), st.dictionaries(blocks, notes, max_size=5))
def test_a_difference_leads_from_one_list_to_the_other(old: dict[str, str], new: dict[str, str]) -> None:
    before, after = ([Entry(*item) for item in entries.items()] for entries in (old, new))
    found = difference(before, after)
    reached = {e.network: e.note for e in before if e not in found.removed}
    reached |= {e.network: e.note for e in (*found.added, *found.renoted)}
    assert reached == new
    assert bool(found) == (old != new) == (fingerprint(before) != fingerprint(after))
    assert fingerprint(before) == fingerprint(before[::-1])


def test_open_lists_are_known_however_they_are_written() -> None:
    assert open_families(EVERYBODY) == (4, 6)
    assert open_families(["0.0.0.0/1", "128.0.0.0/1", "2001:db8::/32"]) == (4,)
    assert open_families(["10.0.0.0/8"]) == open_families([]) == ()
    assert is_everybody(reversed(EVERYBODY))
    assert not is_everybody(["0.0.0.0/0"])


def test_the_trail_reads_as_people_write() -> None:
    assert in_words([Entry("192.0.2.5/32", "Office"), Entry("::/0")]) == "192.0.2.5 (Office), ::/0"
    assert in_words([]) == "nobody"
    assert ip_address("192.0.2.5") in ip_network(canonical("192.0.2.5"))
